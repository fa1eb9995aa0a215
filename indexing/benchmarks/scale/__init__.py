"""Benchmarks of the catalogue at size: text queries, facets, imports."""
