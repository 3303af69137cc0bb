"""ScaNN's three modes, exact NumPy and HNSW on blog-like vectors: recall, time, memory."""
