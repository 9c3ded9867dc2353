"""The back office: what waits for staff, and the pages on which they see and do it. It holds no rule."""
