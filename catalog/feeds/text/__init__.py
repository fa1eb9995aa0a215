"""Decoding of feeds, and the text of HTML."""
