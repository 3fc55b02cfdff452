"""The only code that calls both pure rooms and edges."""
