"""Rows and photo files to products in the database; removal of products."""
