"""Words fit to be shown: escaping, plurals, labels."""
