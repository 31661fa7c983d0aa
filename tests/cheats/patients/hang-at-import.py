"""Hangs while it is imported.

Known from: judges without a time limit of their own.
"""
import ctypes
import os
import time

time.sleep(3600)
app = load(STARTER)["app"]
