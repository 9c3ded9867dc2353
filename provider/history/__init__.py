"""What happened: append-only rows of every state change; personal values stand apart, where they can be blanked."""
