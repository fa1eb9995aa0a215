"""Checks of a catalogue for what a merchant should look at, and corrections.

catalogue -> no_garment, titles, duplicates -> Finding -> store -> work lists in /admin
"""
