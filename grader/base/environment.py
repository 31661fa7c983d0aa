"""The environment of every program that this one starts."""

import os
import re

MEANT = re.compile(
    r"""
    PATH | HOME | USER | LOGNAME | SHELL | TMPDIR | LANG | LC_[A-Z]+ | TZ | TERM | COLUMNS | LINES
    | NO_COLOR | FORCE_COLOR | CI | GITHUB_[A-Z_]+ | RUNNER_[A-Z_]+ | XDG_[A-Z_]+ | SSH_AUTH_SOCK
    | (?i: (http|https|ftp|all|no)_proxy )
    | SSL_CERT_(FILE|DIR)
    | DOCKER_(HOST | CONTEXT | CONFIG | CERT_PATH | TLS_VERIFY)
    | ER_[A-Z_]+
    """,
    re.VERBOSE,
)
"""The user's variables that may pass: who and where one is, how text is shown, and how a network, an engine and this
program are reached. No other variable of Docker, Compose, buildx, Python, pip, uv or git changes what we start."""


def own_environment(**more: str) -> dict[str, str]:
    """Return the user's variables that are meant to pass, and `more`."""
    return {name: value for name, value in os.environ.items() if MEANT.fullmatch(name)} | more
