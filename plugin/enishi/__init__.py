"""Enishi: related posts and tag suggestions for static sites."""

__version__ = "0.1.0"
