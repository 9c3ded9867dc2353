"""Uploaded bytes as rows: typed by content, size-limited, never served inline."""
