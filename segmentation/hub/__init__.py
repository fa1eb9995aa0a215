"""Networks of others, from a folder or the Hugging Face hub."""
