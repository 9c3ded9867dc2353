"""Sites that take students: locations, contacts, affiliation agreements, and the openings they offer."""
