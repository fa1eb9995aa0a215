"""The admin pages, behind a key: imports, sources, products, work lists, searches.

Each module has the routes of one tab; `session` renders what all of them share.
"""
