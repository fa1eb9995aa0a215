"""Bulk indexing: reader, pipeline, writer and what is reported about a run."""
