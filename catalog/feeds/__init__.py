"""Product feeds: every dialect that shops export, read into rows of one kind."""
