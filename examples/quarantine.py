"""A pipeline that asks before it uses a batch.

`python quarantine.py http://127.0.0.1:8377 MONITOR FOLDER`: FOLDER holds files named after their day, such as
2013-02-08.csv. Each is moved to FOLDER/ready where driftwatch says that it may be used, and where it should
be held back to FOLDER/quarantine, with the reasons beside it. What is not judged yet stays, and so does
everything while driftwatch cannot be reached: silence is no consent. DRIFTWATCH_TOKEN is sent along.

Ends with 0 when every file is ready, 1 when one is in quarantine, 2 when one has to wait, and 3 when one
could not be asked about: why stands on standard error, and the others are sorted all the same.
"""

import os
import sys
from pathlib import Path

import requests

USE, HOLD, TOO_EARLY = 200, 409, 425
WORDS = {USE: "ready", HOLD: "quarantine", TOO_EARLY: "waits"}


def ask_gate(url: str, monitor: str, day: str) -> tuple[int, str]:
    """Return what the gate answers for a day, and why. Raises OSError or ValueError where it says neither."""
    token = os.environ.get("DRIFTWATCH_TOKEN")
    answer = requests.get(
        f"{url}/api/v1/monitors/{monitor}/gate",
        params={"at": day},
        headers={"authorization": f"Bearer {token}"} if token else {},
        timeout=10,
    )
    if answer.status_code not in WORDS:
        raise ValueError(f"{answer.status_code} {answer.json()['detail']}")
    return answer.status_code, "; ".join(reason["text"] for reason in answer.json()["reasons"])


def sort_batch(batch: Path, status: int, why: str) -> None:
    """Move a batch to where it belongs; one that has to wait stays where it is."""
    if status == TOO_EARLY:
        return
    folder = batch.parent / ("ready" if status == USE else "quarantine")
    folder.mkdir(exist_ok=True)
    batch.rename(folder / batch.name)
    if status == HOLD:
        (folder / f"{batch.stem}.why.txt").write_text(why + "\n")


def main(url: str, monitor: str, folder: str) -> int:
    """Sort every batch of a folder, and return the exit status."""
    if not Path(folder).is_dir():
        sys.stderr.write(f"{folder} is no folder\n")
        return 3
    ends = set()
    for batch in sorted(Path(folder).glob("*.csv")):
        try:
            status, why = ask_gate(url, monitor, batch.stem)
        except (OSError, ValueError) as error:
            sys.stderr.write(f"{batch.name}: {error}\n")
            ends.add(3)
            continue
        sort_batch(batch, status, why)
        print(f"{batch.stem}: {WORDS[status]} ({why})")
        ends.add({USE: 0, HOLD: 1, TOO_EARLY: 2}[status])
    # What could not be asked about is said above all, then what is in quarantine.
    return next((end for end in (3, 1, 2) if end in ends), 0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
