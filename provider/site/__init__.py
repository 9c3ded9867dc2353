"""The public pages: home, programs, tuition, policies, questions, credentials, contact, health."""
