"""Filters, facets and word queries as SQL conditions on the catalogue."""
