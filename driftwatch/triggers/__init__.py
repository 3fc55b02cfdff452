"""Start retraining."""
