"""Exam results: reported by students with evidence, verified by staff, with the days of retaking and renewing (R22)."""
