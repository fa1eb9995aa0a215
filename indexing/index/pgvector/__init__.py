"""The pgvector engine: vectors in a table of PostgreSQL, found by HNSW indices."""
