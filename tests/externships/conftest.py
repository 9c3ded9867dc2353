"""Who visits the pages of externships."""

from tests.staff.conftest import colleague

__all__ = ["colleague"]
