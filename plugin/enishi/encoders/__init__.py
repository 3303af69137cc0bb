"""Posts -> vectors: one file for each part of a vector, and what joins them."""
