"""What the edges stand on: HTTP, signatures, database engines."""
