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
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/demo.txt
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps "$work"/dist/*.whl
cd "$work"
"$work/venv/bin/python" - <<'PY'
import pathlib, sys
import driftwatch
assert pathlib.Path(driftwatch.__file__).is_relative_to(sys.prefix), driftwatch.__file__
PY
printf 'a,b\n1,x\n2,y\n3,x\n2,x\n' > reference.csv
cp reference.csv current.csv
"$work/venv/bin/driftwatch" compare reference.csv current.csv
cat > driftwatch.yaml <<'YAML'
version: 1
store: {url: "sqlite:///wheel.db"}
YAML
"$work/venv/bin/driftwatch" db upgrade
"$work/venv/bin/driftwatch" db check
echo "wheel: db upgrade, db check and compare work without the checkout"
