"""What happened: append-only rows of every state change, with personal values kept apart so that they can be blanked."""
