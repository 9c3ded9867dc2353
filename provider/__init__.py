"""The school's application: enrollment, tuition, refunds, letters and the pages around them."""

from typing import Any


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the attribute is
    """Build nothing until somebody asks for the factory: a rule's test needs no web."""
    if name == "create_app":
        from provider.app import create_app  # noqa: PLC0415 - see above

        return create_app
    raise AttributeError(name)
