"""Pure functions of two count vectors, one statistic a file."""
