"""What the author does about tags: looks at suggestions, declines them, writes them into posts, renames tags."""
