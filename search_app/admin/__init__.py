"""The admin pages, behind a key: imports, sources of work, search analytics.

Each module has the routes of one tab; `session` renders what all of them share.
"""
