"""Keys, sessions, CSRF protection and rate limits."""
