"""The words that records are found by: one row per word, searched by range on both databases."""
