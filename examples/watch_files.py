"""Watch a folder of daily files: write them, let `init` look at them, and judge the days that follow.

Run it with `python examples/watch_files.py`. It works in a temporary folder and leaves nothing behind.
"""

import csv
import random
import subprocess
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path

FIRST, DAYS, MOVES_ON = date(2024, 1, 1), 40, date(2024, 2, 5)


def write_day(folder: Path, day: date) -> None:
    """Write 300 orders of one day; from `MOVES_ON` on the amounts are half as large again."""
    chance = random.Random(day.toordinal())  # noqa: S311 - made-up orders need no cryptography
    factor = 1.5 if day >= MOVES_ON else 1.0
    with (folder / f"{day}.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["ordered_at", "amount", "plan"])
        for _ in range(300):
            moment = f"{day}T{chance.randrange(24):02}:{chance.randrange(60):02}:00Z"
            rows.writerow([moment, f"{chance.gauss(50, 10) * factor:.2f}", chance.choice(["basic", "plus"])])


def run(folder: Path, *words: str) -> None:
    """Run a driftwatch command in `folder` and show it."""
    print(f"\n$ driftwatch {' '.join(words)}", flush=True)
    subprocess.run([sys.executable, "-m", "driftwatch", *words], cwd=folder, check=False)  # noqa: S603 - our own command


def main() -> None:
    """Tell the story."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number in range(DAYS):
            write_day(folder, FIRST + timedelta(days=number))
        run(folder, "init", "--from", f"{FIRST}.csv", "--time-column", "ordered_at")
        config = folder / "driftwatch.yaml"
        text = config.read_text(encoding="utf-8")
        lines = [_edit(line) for line in text.splitlines()]
        config.write_text("\n".join(lines) + "\n", encoding="utf-8")
        run(folder, "validate")
        run(folder, "check", "orders", "--from", "2024-01-29", "--to", "2024-02-09")
        run(folder, "incident", "show", "1")


def _edit(line: str) -> str:
    """Watch every file of the folder, a window a day, against four weeks of January."""
    indent = line[: len(line) - len(line.lstrip())]
    changed = {
        "- id:": "- id: orders",
        "path:": 'path: "*.csv"',
        "window:": "window: 1d",
        "reference:": "reference: {from: 2024-01-01, to: 2024-01-29}",
    }
    return next((indent + new for old, new in changed.items() if line.strip().startswith(old)), line)


if __name__ == "__main__":
    main()
