"""Django's SQLite backend, under the name that settings have it by: base.py says what is different."""
