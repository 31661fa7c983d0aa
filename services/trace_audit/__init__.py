"""Trace-audit: the service is in `service`, the rest of it in modules of their own."""
