"""What a student has to show before a placement: what is required, what was uploaded, and what staff found."""
