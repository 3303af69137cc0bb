"""Measurements of Enishi: see README.md for how to run each and what it is compared with."""
