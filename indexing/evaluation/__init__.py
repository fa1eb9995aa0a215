"""Retrieval figures: precision by kind, recall of the same garment."""
