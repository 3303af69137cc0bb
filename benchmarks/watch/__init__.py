"""How long after a save a watch has shown and written what changed."""
