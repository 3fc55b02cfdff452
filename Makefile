# Two commands on a fresh machine: make demo, make test. Everything else is for those who change the code.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
ARGS ?=

.PHONY: demo test quick faults torture load fuzz-api lint wheel-check bench calibrate requirements clean

demo: $(VENV)/.demo
	$(BIN)/driftwatch demo $(ARGS)

test: $(VENV)/.test
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not faults" $(ARGS)

# What a person runs many times a day: on SQLite, without what takes long.
quick: $(VENV)/.test
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not faults and not slow" $(ARGS)

# Daemons that are killed, paused, cut off, and given bugs on purpose: a few minutes.
faults: $(VENV)/.test
	$(BIN)/python -m pytest tests/faults tests/cli/test_torture.py -m faults -n 2 --dist loadfile $(ARGS)

# A thousand kills and more on each database, whose servers are crashed too: hours. ARGS="--store sqlite" for one.
torture: $(VENV)/.test
	$(BIN)/python -m tests.support.long_tier $(ARGS)

# Ten minutes of 500 monitors a minute: how late windows are judged. ARGS="--store postgresql://…" for another store.
load: $(VENV)/.test
	$(BIN)/python -m tests.support.load $(ARGS)

# 5,000 requests for every operation of the API, made of its own description, each sent as every caller: hours.
fuzz-api: $(VENV)/.test
	$(BIN)/python -m tests.support.api_fuzz $(ARGS)

lint: $(VENV)/.quality
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy -p driftwatch
	$(BIN)/mypy tests alembic
	$(BIN)/lint-imports
	$(BIN)/deptry driftwatch

# Builds the wheel and uses it where the checkout is not on the path.
wheel-check: $(VENV)/.quality
	PYTHON=$(PYTHON) BUILD="$(BIN)/python -m build" sh tests/wheel/check.sh

bench: $(VENV)/.test
	$(BIN)/python -m pytest tests/benchmarks --benchmark-only --override-ini addopts=--import-mode=importlib $(ARGS)

# Every simulated world that the promise is held against; a part: ARGS="--worlds columns20 --seeds 3".
calibrate: $(VENV)/.test
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.support.calibrate $(ARGS)

# Pinned versions with hashes; no index address is written into them.
COMPILE = $(BIN)/pip-compile --quiet --strip-extras --generate-hashes --allow-unsafe --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --upgrade pyproject.toml --extra demo
requirements: $(VENV)/.quality
	$(COMPILE) --output-file requirements/demo.txt
	$(COMPILE) --extra postgres --extra mysql --extra test --output-file requirements/test.txt
	$(COMPILE) --extra postgres --extra mysql --extra test --extra quality --output-file requirements/quality.txt

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "driftwatch needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)

# pip refuses to check hashes of a directory, so the pinned packages come first and driftwatch alone after them.
$(VENV)/.%: requirements/%.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .benchmarks .import_linter_cache dist build
