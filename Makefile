# The verbs of the project. Everything is installed into .venv from constraints.txt (pinned, with hashes).
PYTHON ?= python3
BIN    := .venv/bin
STAMP  := .venv/.installed

.DEFAULT_GOAL := help
.PHONY: help setup demo run test test-slow check format bench bench-large docs lock clean

help:  ## print these verbs
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## */  make \1\t/' | expand -t 20

$(STAMP): constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Jobmeter needs Python 3.11 or newer; this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { echo "This Python cannot make virtual environments; on Debian: apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

setup: $(STAMP)  ## install everything into .venv

demo: $(STAMP)  ## run the main job: post real ads, play 35 days of traffic, read the reports
	@$(BIN)/jobmeter demo

run: $(STAMP)  ## serve a sandbox until interrupted
	@$(BIN)/jobmeter sandbox

test: check  ## check the code, then run the tests
	$(BIN)/python -m pytest

test-slow: $(STAMP)  ## the slow tests: crashes, large data, long random histories
	$(BIN)/python -m pytest -m slow

check: $(STAMP)  ## lint, formatting, types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: $(STAMP)  ## format the code
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(STAMP)  ## measure the named figures, write bench/results.json
	$(BIN)/python -m bench

bench-large: $(STAMP)  ## the figures that need much data
	$(BIN)/python -m bench --large

docs: $(STAMP)  ## print the reference pages from the tables
	$(BIN)/jobmeter docs docs/reference

lock:  ## resolve constraints.txt again (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
	  --all-extras --group dev --quiet --output-file constraints.txt pyproject.toml

clean:  ## remove what was installed and built
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache
