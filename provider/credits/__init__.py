"""Credit requests: a student asks that a college be told of a passed exam, until it is decided (R20)."""
