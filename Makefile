# `make repro` and `make test` are the two commands; both set everything up first.
PYTHON ?= python3
BIN := .venv/bin
EXAMPLES ?= 500
READY := .venv/.ready

.PHONY: help repro test check types quick fuzz bench clean
help:
	@echo "make repro   the main job: every claim judged on the embedded language model (laptop profile)"
	@echo "make test    all tests, with a real run of the smoke profile"
	@echo "make check   formatting, lint, types and the quick tests, in under a minute"
	@echo "make fuzz    every property on new random examples; make fuzz EXAMPLES=5000 searches longer"
	@echo "make bench   speed and memory on this machine, to reports/bench/"

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch==2.13.0
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[make,dev]'
	@touch $(READY)

repro: $(READY)
	@$(BIN)/repro run --profile laptop

test: $(READY)
	$(BIN)/python -m pytest

# Types and tests take about as long as each other: side by side they fit into a minute.
check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	@$(MAKE) --no-print-directory --jobs=2 --output-sync types quick

types:
	$(BIN)/pyright

quick:
	$(BIN)/python -m pytest -m 'not slow and not browser'

# A failing example is printed; it is kept in .hypothesis/ and comes first in the next run.
fuzz: $(READY)
	HYPOTHESIS_PROFILE=fuzz FUZZ_EXAMPLES=$(EXAMPLES) $(BIN)/python -m pytest -m property

bench: $(READY)
	$(BIN)/python -m repro.bench --out reports/bench

clean:
	rm -rf artifacts profiles/*/artifacts .scratch profiles/*/.scratch
