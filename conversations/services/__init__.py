"""Everything that writes to the core."""
