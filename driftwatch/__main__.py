"""`python -m driftwatch` is the command line."""

from driftwatch.cli import main

if __name__ == "__main__":
    main()
