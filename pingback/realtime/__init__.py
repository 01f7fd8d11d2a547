"""The live edge: sockets, rooms and the bus. What it carries is a hint; the database is the truth."""
