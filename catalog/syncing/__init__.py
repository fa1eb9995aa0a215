"""Sources that are kept fresh: their table, schedule, lease, readings and webhooks."""
