"""Refund policy versions, state floors, the refund window and business days: what comes back, and until when."""
