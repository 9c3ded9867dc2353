"""The student's desk: every enrollment with its clock and its next step."""
