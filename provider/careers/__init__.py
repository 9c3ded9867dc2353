"""The public front: careers, the figures they are compared by, and where each figure was read."""
