"""A year of real flights through the real daemon path, with a receiver that checks what it is sent."""
