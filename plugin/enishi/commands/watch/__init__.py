"""Watch mode: on each save, what changed."""
