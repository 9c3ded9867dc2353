"""From "I finished" to a place: requests with their guarantee, offers, placements, and the planner."""
