"""What the school sells, together: the file that fills it, and the snapshot that public pages and the form read."""
