"""What is sold, and the truth about every photo, garment and vector.

SQLAlchemy; no torch, no faiss.
"""
