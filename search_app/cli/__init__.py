"""The `apparel` command line."""
