"""The pages in a real browser, over a drawn catalogue that the shipped models indexed."""
