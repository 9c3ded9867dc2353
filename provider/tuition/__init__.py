"""Tuition plans and the dated rows they turn into: what a program costs and when each part is due."""
