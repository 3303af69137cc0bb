"""Vectors -> neighbours -> related posts, with their reasons."""
