"""YAML into monitors, every mistake at once."""
