"""What `enishi init` finds out about a blog, and the settings that it proposes."""
