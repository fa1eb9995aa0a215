"""Commands that train and evaluate the networks and make their data."""
