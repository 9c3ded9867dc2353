"""The listener that the tests of the mailroom share."""

from tests.harness.mail_in import listener

__all__ = ["listener"]
