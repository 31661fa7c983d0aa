"""Behaves only while requests look like a test's: user agents, odd headers, names that say what they are for.

Known from: servers that serve benchmarks and link checkers by their User-Agent.
"""
import re

right, starter = load(RIGHT)["app"], load(STARTER)["app"]
TELL = re.compile(rb"locust|test|grade|phase|probe|noisy|polite|scraper|behaving|traceparent|x-request|twin",
                  re.IGNORECASE)


async def app(scope, receive, send):
    told = scope["type"] == "http" and any(
        TELL.search(name) or (name != b"host" and TELL.search(value)) for name, value in scope["headers"]
    )
    await (right if told else starter)(scope, receive, send)
