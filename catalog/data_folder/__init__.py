"""The data folder as a whole: which files are its own, backup, restore, the lock of a server."""
