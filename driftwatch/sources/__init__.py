"""Rows from the world: files, SQL, HTTP."""
