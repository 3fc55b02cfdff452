"""Compare two files, and say what moved between them.

    python examples/compare_two_files.py [REFERENCE CURRENT]

Without files it writes two small ones of its own. The same as a command: driftwatch compare REFERENCE CURRENT
"""

from __future__ import annotations

import csv
import random
import sys
import tempfile
from pathlib import Path

import driftwatch


def write_rows(path: Path, *, seed: int, amount: float, night_share: float) -> Path:
    """Write 5,000 payments with this typical amount and this share of them at night."""
    chance = random.Random(seed)  # noqa: S311 - made-up payments need no cryptography
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["amount", "country", "at_night"])
        for _ in range(5000):
            country = chance.choice(["DE", "FR", "IT", "IT"])
            rows.writerow([round(chance.gauss(amount, 12), 2), country, chance.random() < night_share])
    return path


def main() -> None:
    """Compare the two files that were named, or two made-up ones."""
    with tempfile.TemporaryDirectory() as folder:
        if len(sys.argv) == 3:
            reference, current = map(Path, sys.argv[1:])
        else:
            reference = write_rows(Path(folder, "may.csv"), seed=1, amount=80, night_share=0.1)
            current = write_rows(Path(folder, "june.csv"), seed=2, amount=86, night_share=0.1)
        result = driftwatch.compare(reference, current)
    print(result.summary)
    for name, column in result.columns.items():
        print(
            f"  {name}: {column.verdict.value}, psi {column.psi:.3f}, at least {column.moved_share:.0%} moved"
        )
    for finding in result.findings:
        print(f"  {finding.text}")


if __name__ == "__main__":
    main()
