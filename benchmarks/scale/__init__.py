"""How time and memory of a build grow with the number of posts."""
