"""Paying by card: saved cards, charges, the payment service's events, disputes, and what they do to an enrollment."""
