"""Encoders side by side on one blog: hidden tags, links between its posts, and people."""
