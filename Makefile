# Everything is installed into .venv, pinned with hashes: constraints.txt contains the runtime dependencies and those of
# the extras server and billing (the demo ends with an invoice), constraints-dev.txt those of the other extras and of development.
# Each has its own stamp, so users install only the first.
PYTHON ?= python3
BIN    := .venv/bin
RUN    := .venv/.installed
DEV    := .venv/.installed-dev
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check
PINNED := billing duckdb kafka nats parquet portal postgresql server stripe traces xml
TOOLS  := build/tools
LOCK   := uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet

.DEFAULT_GOAL := help
.PHONY: help setup system demo run dev psql test test-long test-slow test-citus faults inputs coverage check format typescript bench bench-large bench-peers profile map docs pictures lock release sbom audit clean

help:  ## list these targets
	@awk -F ':.*## ' '/^##@ / { printf "\n%s\n", substr($$0, 5) } /^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(RUN): constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Jobmeter needs Python 3.11 or newer; this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { echo "This Python cannot make virtual environments; on Debian: apt-get install python3-venv"; exit 1; }
	$(PIP) --require-hashes -r constraints.txt
	$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(DEV): $(RUN) constraints-dev.txt
	$(PIP) --require-hashes -r constraints.txt -r constraints-dev.txt
	@touch $@

##@ Use
demo: $(RUN)  ## run an end-to-end demo: post real ads, play 35 days of traffic, read the reports
	@$(BIN)/jobmeter demo

run: $(RUN)  ## run a sandbox until interrupted
	@$(BIN)/jobmeter sandbox

##@ Develop
# Without kept bytecode, each of some hundred processes of the tests would compile all modules again.
test test-long test-slow test-citus faults inputs coverage bench bench-large bench-peers: export PYTHONDONTWRITEBYTECODE :=

setup: $(DEV)  ## install the development dependencies into .venv

system:  ## install the Debian packages that tests can use and that are missing (requires root)
	@missing=$$(grep -v '^#' .ci/system-packages | while read -r program package _; do \
	  command -v "$$program" >/dev/null || test -e "$$program" || echo "$$package"; done); \
	test -z "$$missing" || { apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing; }

dev: $(DEV)  ## run a sandbox that restarts whenever the code changes
	@$(BIN)/watchfiles --sigint-timeout 30 '$(BIN)/jobmeter sandbox' jobmeter

psql: $(RUN)  ## inspect the sandbox's database, read-only (SQL='SELECT 1' runs one statement, DATA=folder selects another)
	@$(BIN)/jobmeter db psql --data "$${DATA:-$$($(BIN)/python -c 'from jobmeter.cli.options import SANDBOX_DATA; print(SANDBOX_DATA)')}" \
	  $(if $(SQL),-- -c "$$SQL")

test: check  ## check the code, then run the tests
	$(BIN)/python -m pytest

test-long: $(DEV)  ## run the tests of more than some seconds, which CI runs after those of make test
	$(BIN)/python -m pytest -m 'long and not slow'

# A slow test has an hour, and so has one on a cluster; any other one has five minutes (pyproject.toml).
HOUR = -o faulthandler_timeout=3600
SLOW = -m slow $(HOUR)

test-slow: $(DEV)  ## run the slow tests: crashes, large data, long random histories
	$(BIN)/python -m pytest $(SLOW)

# What it does to a node would disturb other tests.
KILLS_NODE = tests/deployment/cluster/test_lost_worker.py

test-citus: $(DEV)  ## run stories and laws on a cluster with Citus: CITUS_URL=postgresql://user@coordinator/postgres
	@if [ -z "$(CITUS_URL)" ]; then echo "CITUS_URL names no cluster with Citus: nothing was tested"; \
	  else $(BIN)/python -m pytest -n 2 -m 'not slow' $(HOUR) --deselect $(KILLS_NODE) tests/deployment/cluster tests/stories tests/properties/laws && \
	  $(BIN)/python -m pytest -n 0 -m 'not slow' $(HOUR) $(KILLS_NODE); fi

faults: $(DEV)  ## break a server on purpose and audit it, ROUNDS times, from SEED on, JOBS at a time; adds to docs/reliability.md's record
	$(BIN)/python -m tests.slow.faults --rounds $(or $(ROUNDS),10) $(if $(SEED),--seed $(SEED)) $(if $(JOBS),--jobs $(JOBS))

inputs: $(DEV)  ## give every parser and route many bad inputs, of SEED; adds to docs/reliability.md's record
	JOBMETER_TESTS_INPUTS_RECORD=tests/slow/fuzz/inputs.jsonl JOBMETER_TESTS_FUZZ_SEED=$(or $(SEED),1) \
	  $(BIN)/python -m pytest $(SLOW) tests/slow/fuzz tests/stories/edge/test_any_bytes.py tests/stories/edge/test_openapi.py

# The tests of the packages whose coverage is measured, and of the protocols. The others try little of these that these do not.
MEASURED = tests/incidents $(addprefix tests/unit/, base charging ledger metering money settlement wire) \
  $(addprefix tests/properties/, corruption edge laws p4p settlement) \
  tests/stories/test_coverage.py tests/stories/test_main_job.py \
  $(addprefix tests/stories/, board candidate feeds partner repeats restli xml)

# `make test` and `make test-long` decide whether the tests pass; this run only measures, so a failing test does not end it.
coverage: $(DEV)  ## measure the branch coverage of the code that decides about money, server processes included
	$(BIN)/python -m coverage erase
	-$(BIN)/python -m coverage run -m pytest -m 'not slow' $(MEASURED)
	$(BIN)/python -m coverage combine --quiet
	$(BIN)/python -m coverage report

check: $(DEV)  ## check lint, formatting and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: $(DEV)  ## format the code
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

typescript: $(RUN)  ## build the client for TypeScript from the OpenAPI document, and run its tests (requires node 20 and npm)
	$(BIN)/jobmeter openapi > clients/typescript/openapi.json
	cd clients/typescript && npm ci --no-audit --no-fund && npm run build && npm test

docs: $(RUN)  ## generate the reference pages from the tables in the code, and docs/reliability.md from its record
	$(BIN)/jobmeter docs docs/reference
	$(BIN)/python -m tests.slow.faults.record

pictures: $(DEV)  ## make the pictures of the web pages in docs/pictures again, to be looked at before they are committed
	JOBMETER_TESTS_DOCUMENT_PICTURES=docs/pictures $(BIN)/python -m pytest -n 0 $(SLOW) tests/slow/pictures

##@ Measure
bench: $(DEV)  ## measure the named figures, print their table into docs/performance.md
	$(BIN)/python -m bench

bench-large: $(DEV)  ## measure the figures that need much data as well
	$(BIN)/python -m bench --large

bench-peers: $(DEV)  ## measure single clicks beside pgbench, and beside other programs that environment variables name
	$(BIN)/python -m bench --peers

profile: $(DEV)  ## run the demo under a sampling profiler, write the flame graph profile.svg
	$(BIN)/py-spy record --subprocesses --output profile.svg -- $(BIN)/jobmeter demo

map: $(DEV)  ## print the parts in order, with the lines of each part and its rooms
	@$(BIN)/python -m tests.tidy.house_map

##@ Maintain
lock:  ## resolve the pinned dependencies again (requires uv), keeping versions that still satisfy the constraints
	$(LOCK) --group build --extra server --extra billing --output-file constraints.txt pyproject.toml
	$(LOCK) $(PINNED:%=--extra %) --group dev --constraint constraints.txt --output-file constraints-dev.txt \
	  $$(sed -nE 's/^([A-Za-z0-9._-]+)==.*/--no-emit-package \1/p' constraints.txt) pyproject.toml

release: $(DEV)  ## store the wheel, the schema and a small database of the last commit (or COMMIT=...) for the upgrade tests
	$(BIN)/python -m tests.upgrades.keep $(COMMIT)

# Programs that look at the dependencies, in an environment of their own: theirs are not ours.
$(TOOLS)/.installed: Makefile
	$(PYTHON) -m venv $(TOOLS)
	$(TOOLS)/bin/python -m pip install --quiet --disable-pip-version-check cyclonedx-bom==7.5.0 pip-audit==2.10.1
	@touch $@

sbom: $(TOOLS)/.installed  ## write the list of all parts of an installation, build/jobmeter.cdx.json (CycloneDX)
	$(TOOLS)/bin/python -W ignore $(TOOLS)/bin/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible \
	  --output-file build/jobmeter.cdx.json constraints.txt

audit: $(TOOLS)/.installed  ## look for known vulnerabilities of the pinned dependencies, where a source of advisories can be reached
	@$(TOOLS)/bin/python .ci/audit $(TOOLS)/bin/pip-audit constraints.txt constraints-dev.txt

clean:  ## remove everything that was installed and built
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache
