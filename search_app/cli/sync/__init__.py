"""`apparel sync`: the sources that are kept fresh, and their runs."""
