"""Documents the school has issued, each with a code by which anybody can see whether it stands."""
