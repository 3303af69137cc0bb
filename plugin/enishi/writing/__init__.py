"""Analysis -> files: JSON and HTML fragments; only what changed, atomically."""
