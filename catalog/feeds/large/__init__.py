"""Reading of feeds that are larger than memory should be: lines of a file, rows on disk."""
