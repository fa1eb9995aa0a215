"""Search analytics without photos: what was searched, shown and clicked.

    search -> SearchRow -> Recorder (in batches) -> tables search, search_event
    tables -> report (for /admin/searches) and export (CSV, judged pairs)

No photo, address or id of a person is kept; `APPAREL_ANALYTICS=false` keeps nothing at all.
"""
