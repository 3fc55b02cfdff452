#!/bin/sh
# Builds the wheel, installs it into an empty environment and uses it from an empty directory: what works here
# works after `pip install driftwatch`, without the checkout.
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$here"
${BUILD:-python3 -m build} --wheel --outdir "$work/dist" .
"${PYTHON:-python3}" -m venv "$work/venv"
pip="$work/venv/bin/python -m pip install --quiet --disable-pip-version-check"
$pip --require-hashes -r requirements/demo.txt
$pip --no-deps "$work"/dist/*.whl
cd "$work"
"$work/venv/bin/python" - <<'PY'
import csv
import pathlib
import random
import sys

import driftwatch

assert pathlib.Path(driftwatch.__file__).is_relative_to(sys.prefix), driftwatch.__file__
chance = random.Random(1)
with open("orders.csv", "w", newline="") as file:
    rows = csv.writer(file)
    rows.writerow(["t", "amount", "plan"])
    for day in range(1, 29):
        for _ in range(300):
            stamp = f"2024-02-{day:02}T{chance.randrange(24):02}:00:00Z"
            rows.writerow([stamp, round(chance.gauss(50, 9), 2), chance.choice("ab")])
PY
driftwatch="$work/venv/bin/driftwatch"
set -x
$driftwatch compare orders.csv orders.csv
$driftwatch init --from orders.csv
$driftwatch db upgrade
$driftwatch db check
$driftwatch check orders --from 2024-02-20 --to 2024-02-25
"$work/venv/bin/python" - <<'PY'
import urllib.request

from driftwatch.app import open_app
from driftwatch.config.loading import load_config
from driftwatch.config.web import Listen
from driftwatch.web.server import open_pages

app = open_app(load_config("driftwatch.yaml"))
pages = open_pages(lambda: app, Listen(host="127.0.0.1", port=0))
for path in ("/", "/monitors/orders", "/incidents", "/deliveries", "/silences", "/static/style.css"):
    with urllib.request.urlopen(f"http://{pages.listen}{path}", timeout=30) as answer:
        assert answer.status == 200, path
pages.close()
app.close()
PY
