"""Readers of the dialects that need more than names of columns."""
