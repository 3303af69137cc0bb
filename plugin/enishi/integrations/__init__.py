"""Enishi inside of generators that are Python programs, one file each; imported by these generators alone."""
