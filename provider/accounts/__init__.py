"""People: accounts, sign-in, roles and what they permit, signed links, throttles."""
