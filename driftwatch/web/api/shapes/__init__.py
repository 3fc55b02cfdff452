"""What the API answers, described: every answer of it fits its description, which a test makes sure of."""
