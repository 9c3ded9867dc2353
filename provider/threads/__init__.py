"""Threads: the mail of one request, in and out, with the standing of whoever writes."""
