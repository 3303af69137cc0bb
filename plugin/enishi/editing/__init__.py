"""One tag in, one tag out, and nothing else of a post's file touched."""
