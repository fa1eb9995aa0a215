"""FAISS indices per garment class, kept in step with the database."""
