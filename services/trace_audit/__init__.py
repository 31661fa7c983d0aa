"""Trace-audit: a check of traces.

`kit.stock` serves its module `service`.
"""
