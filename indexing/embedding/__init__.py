"""Garment crops, colour histograms and style vectors from photos."""
