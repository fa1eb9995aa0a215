"""The page, the API and the commands: a photo in, garments and similar products out."""
