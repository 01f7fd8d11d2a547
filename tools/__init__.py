"""Checks of our own, for bin/check."""
