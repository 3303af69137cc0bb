"""Pelican finds its plugins in this namespace; there is no `__init__.py` above, or others' would not be found."""

from enishi.integrations.pelican import register

__all__ = ["register"]
