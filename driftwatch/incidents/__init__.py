"""Rules, judging, the incident state machine and its words (pure)."""
