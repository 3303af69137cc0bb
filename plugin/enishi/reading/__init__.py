"""Files -> documents: what the posts of a site say, read as its generator reads them."""
