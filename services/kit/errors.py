"""Errors that keep a service from starting."""


class SetupError(RuntimeError):
    """Report that the environment lacks something that the service needs."""
