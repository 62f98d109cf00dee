"""Ids that tie a result to its request across services."""

import uuid


def new_correlation_id() -> str:
    """A fresh id, unlike any other."""
    return uuid.uuid4().hex
