"""One search: nearest vectors, products and closeness."""
