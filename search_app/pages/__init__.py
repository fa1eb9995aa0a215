"""Routes and view models of the HTML pages."""
