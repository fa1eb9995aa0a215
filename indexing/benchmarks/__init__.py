"""Benchmarks: `python -m indexing.benchmarks [NAME ...]`, or `make bench` for all of them.

Lines for people go to stderr; the last line of stdout is one JSON document that names the
hardware. Every figure has its baseline measured in the same run.
"""
