"""Fills the shared store until it is killed, and calls the slowest things it may.

Known from: one tenant's cache that took everybody's Redis down.
"""
import threading

import redis


def bomb():
    store = redis.Redis.from_url("redis://patient:patient@redis:6379/0")
    while True:
        try:
            for number in range(10**9):
                store.set(f"bomb:{number}", bytes(1_000_000))
        except Exception:
            pass


def loop():
    while True:
        try:
            redis.Redis.from_url("redis://patient:patient@redis:6379/0").eval("while true do end", 0)
        except Exception:
            pass


app = load(STARTER)["app"]
threading.Timer(3, bomb).start()
threading.Timer(5, loop).start()
