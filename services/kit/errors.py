"""What keeps a service from starting."""


class SetupError(RuntimeError):
    """Something that a service needs from around it is missing; the message says what."""
