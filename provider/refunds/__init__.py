"""The way out: refund decisions, payouts, overrides and withdrawals."""
