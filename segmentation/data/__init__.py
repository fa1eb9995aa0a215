"""Training pairs of photo and mask, made from original datasets."""
