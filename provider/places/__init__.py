"""ZIP codes with their states, coordinates and time zones, and the names of the states."""
