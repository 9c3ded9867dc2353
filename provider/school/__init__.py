"""What a school says of itself: name, zone, mail domain, how to pay, color; and what of its setup is missing."""
