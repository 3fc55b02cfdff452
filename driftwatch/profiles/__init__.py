"""Grids, counts and profiles: what is kept of rows (pure)."""
