"""How many pages change when a blog gets a new post."""
