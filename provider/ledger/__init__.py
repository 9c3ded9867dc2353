"""The append-only double-entry account of each enrollment: what is posted, and what an account stands at."""
