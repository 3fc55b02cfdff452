"""The false-alarm budget: how often people may be told without a cause, and the limits that keep it."""
