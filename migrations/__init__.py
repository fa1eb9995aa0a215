"""Alembic migrations of the catalogue: numbered, read in order; run by `catalog.database`."""
