"""Fuzzing: `python -m tests.fuzz` in the top folder; see README.md beside this file."""
