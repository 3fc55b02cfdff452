"""Forks daemons with a bug in them: the one that its argument names."""

import sys
from functools import partial

from driftwatch.torture.nursery import main
from tests.faults.mutants import mutate

if __name__ == "__main__":
    main(partial(mutate, sys.argv[1]))
