"""What must always be true of the school's records, recomputed from the tables alone."""
