"""Sources kept fresh: runs, the schedule, webhooks' changes and the command `apparel sync`."""
