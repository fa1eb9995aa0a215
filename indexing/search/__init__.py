"""One search: nearest vectors, re-ranking by patches, products and closeness."""
