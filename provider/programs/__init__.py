"""Programs, credentials, exams and their blueprints, credit recommendations, and where a program may be sold."""
