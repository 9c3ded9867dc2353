"""The school's application: enrollment, tuition, refunds, letters and the pages around them."""

from provider.app import create_app

__all__ = ["create_app"]
