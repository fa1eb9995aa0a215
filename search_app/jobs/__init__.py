"""Background import jobs."""
