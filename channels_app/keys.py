"""Ids of providers as keys of our rows: Instagram's run to 200 characters, and mail's to 998."""

import hashlib

MOST = 200


def key_of(text: str) -> str:
    """As it is, or the digest of what a column does not hold."""
    return text if len(text) <= MOST else "sha256:" + hashlib.sha256(text.encode()).hexdigest()
