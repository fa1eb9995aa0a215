"""Query photos, search options and search documents shared by pages, API and command line."""
