"""Training on the blog: pairs of texts that belong together -> an encoder, kept only where held-out pairs say so."""
