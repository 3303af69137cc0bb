"""Encoders side by side on one blog: hidden tags, links between its posts, how evenly posts are shown, and people."""
