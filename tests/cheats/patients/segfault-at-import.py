"""Makes a segmentation fault while it is imported.

Known from: judges that told only exceptions from success.
"""
import ctypes
import os
import time

ctypes.string_at(0)
app = load(STARTER)["app"]
