"""What a note may be."""

LONGEST_NOTE = 4000
