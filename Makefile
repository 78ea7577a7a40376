# `make repro` and `make test` are the two commands; both set everything up first.
PYTHON ?= python3
BIN := .venv/bin
EXAMPLES ?= 500
READY := .venv/.ready
PEERS := .venv-peers/.ready

.PHONY: help repro test check types quick bench peers recipe frontier calibrate coverage tables multiverse mutants mutmut fuzz clean
help:
	@echo "make repro   the main job: every claim judged on the embedded language model (laptop profile)"
	@echo "make test    all tests, with a real run of the smoke profile"
	@echo "make check   formatting, lint, types and the quick tests, in about a minute"
	@echo "make multiverse  the fidelity claims under a covering design of readings, to reports/multiverse/"
	@echo "make fuzz    every property on new random examples; make fuzz EXAMPLES=5000 searches longer"
	@echo "make bench   speed, memory and quality beside SAELens on this machine, to reports/bench/"
	@echo "make recipe  the search for the training recipe, on validation documents; some twenty minutes"
	@echo "make peers   SAELens in an environment of its own, for make frontier"
	@echo "make frontier  what SAELens reaches on the activations of a finished run, to reports/frontier/;"
	@echo "             PROFILE=smoke or paper for that profile, early or late for that site of laptop;"
	@echo "             some twenty minutes"
	@echo "make calibrate  do the checks err as rarely as they state? to reports/calibration/"
	@echo "make coverage  how often intervals hold a known truth, with few seeds and skewed errors; seconds"
	@echo "make tables  the tables of README and docs again, from reports/"
	@echo "make mutants bugs of the field, planted one by one: does a test notice each? Some minutes"
	@echo "make mutmut  every small change a machine makes in the judge; more than an hour"

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch==2.13.0
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[make,llm,dev]'
	@touch $(READY)

# SAELens 6 needs transformer-lens 3, ours is 4: the two never share an environment.
$(PEERS): constraints-peers.txt
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check -c constraints-peers.txt torch==2.13.0
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check -c constraints-peers.txt sae-lens
	@touch $(PEERS)

peers: $(PEERS)

repro: $(READY)
	@$(BIN)/repro run --profile laptop

# Two processes, a file at a time: what a file's tests share is made once.
test: $(READY)
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile

# Types and tests take about as long as each other: side by side they fit into a minute.
check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	@$(MAKE) --no-print-directory --jobs=2 --output-sync types quick

types:
	$(BIN)/pyright

quick:
	$(BIN)/python -m pytest -m 'not slow and not browser and not property'

# A failing example is printed; it is kept in .hypothesis/ and comes first in the next run.
fuzz: $(READY)
	HYPOTHESIS_PROFILE=fuzz FUZZ_EXAMPLES=$(EXAMPLES) $(BIN)/python -m pytest -m property

bench: $(READY) $(PEERS)
	$(BIN)/python -m repro.proofs.bench --out reports/bench

recipe: $(READY)
	$(BIN)/python -m repro.proofs.bench --out reports/bench --only recipe

frontier: $(READY) $(PEERS)
	$(BIN)/python -m repro.proofs.bench --out reports/bench --only dictionaries$(if $(PROFILE),-$(PROFILE))

multiverse: $(READY)
	$(BIN)/python -m repro.proofs.multiverse --out reports/multiverse

calibrate: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m repro.proofs.calibration --evidence reports/laptop/evidence \
		--claims claims --out reports/calibration --jobs 2

# The tables of README and docs, from verdicts, measurements and proofs.
tables: $(READY)
	$(BIN)/python -m repro.report.readme --verdicts reports/laptop/verdicts.json --bench reports/bench \
		--proofs reports --before $(lastword $(sort $(wildcard reports/history/*.json))) \
		--readme README.md --readme docs/amendments.md --readme docs/proofs.md --readme docs/speed.md

coverage: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m repro.proofs.coverage --out reports/coverage/coverage.json

mutants: $(READY)
	$(BIN)/python -m tests.proofs.mutants --out reports/mutants/seeded.json

# What was tried stays in mutants/, so a stopped run goes on; `rm -r mutants` begins again.
mutmut: $(READY)
	$(BIN)/mutmut run --max-children 1
	$(BIN)/python -m tests.proofs.mutants.survivors --out reports/mutants/mutmut.json

clean:
	rm -rf artifacts profiles/*/artifacts .scratch profiles/*/.scratch .venv-peers
