"""Benchmarks: `python -m indexing.benchmarks [NAME ...]`, or `make bench` for all of them.

Progress goes to stderr; the last line of stdout is one JSON document with the hardware. Every
figure has a baseline measured in the same run.
"""
