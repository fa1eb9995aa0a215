"""The products of a shop, and the stored state of every photo, garment and vector.

SQLAlchemy; no torch, no faiss.
"""
