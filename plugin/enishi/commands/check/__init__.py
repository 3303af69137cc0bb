"""The pull-request check: what changed, and what is to be said about it."""
