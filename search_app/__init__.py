"""Web page, HTTP API and commands of the visual search."""
