"""Training of the segmenter: augmentation, losses, schedule, 8-bit conversion."""
