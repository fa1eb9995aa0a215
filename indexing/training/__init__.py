"""Training of the encoder, the attribute heads and the closeness curves."""
