"""Promises being timed: started, due, met or overdue, on dates computed once and stored."""
