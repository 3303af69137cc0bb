"""The blog's tags and topics: evidence, suggestions, how far to trust them, and what is out of order."""
