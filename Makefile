# The two commands of the README, and what they are made of. Needs Python 3.11+, make and a package index.
PYTHON ?= python3
BIN := .venv/bin
PORT ?= 8080
# The sections whose ratios are steady enough to be held against what is recorded.
STEADY ?= http growth rating usage charging

# Three processes for two cores: many tests wait for servers and workers.
TEST := $(BIN)/python -m pytest -q -n 3 --dist worksteal

help:            ## list the targets
	@grep -E '^[a-z-]+: .*##|^[a-z-]+:  +##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 16

.venv/installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.9
	$(BIN)/uv pip install --quiet --compile-bytecode --require-hashes --python $(BIN)/python -r requirements.lock
	$(BIN)/uv pip install --quiet --no-deps --editable . --config-settings editable_mode=compat --python $(BIN)/python
	@$(BIN)/python -m compileall -q common tmf*_*
	@touch $@

install: .venv/installed  ## make .venv with the pinned lock

run: install     ## the suite on http://127.0.0.1:8080, sample data loaded
	$(BIN)/bss serve --port $(PORT) --samples

test: install    ## all tests but those that take long
	$(TEST) -m "not long and not soak and not foreign"

long: install    ## those that take long: fuzzing of every contract, jobs, processes
	$(TEST) -m "long and not soak"

soak: install    ## processes killed again and again, for minutes
	$(BIN)/python -m pytest -q -n 2 --dist worksteal -m soak

foreign: install  ## the conformance kit on servers of others, which it installs (Python and npm registries)
	$(BIN)/python -m pytest -q -n 0 -m foreign

bench: .venv/bench  ## measure what docs/performance.md states and renew it (half an hour on two quiet cores)
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks --short --write

bench-short: .venv/bench  ## the short form of the benchmarks beside what is recorded: fails when a ratio fell by a quarter
	$(BIN)/python -m benchmarks --short --check $(STEADY)

.venv/bench: benchmarks/requirements.lock .venv/installed
	$(BIN)/uv pip install --quiet --compile-bytecode --require-hashes --python $(BIN)/python -r benchmarks/requirements.lock
	@touch $@

check: install   ## style, types, contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/bss spec check

format: install  ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: install    ## pin the dependencies anew
	$(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --all-extras --universal \
		--python-version 3.11 -o requirements.lock pyproject.toml
	$(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --universal \
		--python-version 3.11 -c requirements.lock -o benchmarks/requirements.lock benchmarks/requirements.in

.PHONY: help install run test long soak foreign bench bench-short check format lock
