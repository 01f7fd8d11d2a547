"""Events between processes."""


def is_up() -> bool:
    """Whether events reach the other processes now."""
    return True
