# Two commands: `make demo` shows it work, `make test` proves it. Both need make and Python 3.10 or newer, no more.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo install test lint types lowest faults bench clean

demo: .venv/installed
	$(BIN)/python -m examples.demo

install: .venv/installed

test: .venv/installed
	$(BIN)/python -m pytest -n auto

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo

types: .venv/installed
	$(BIN)/mypy
	for program in $$(find examples -name __main__.py); do MYPYPATH=$$(dirname $$program) $(BIN)/mypy $$program || exit 1; done

# The suite with the lowest versions that pyproject.toml allows; PYTHON=python3.10 for the lowest Python too.
lowest: .venv-lowest/installed
	.venv-lowest/bin/python -m pytest -n auto -m 'not cli'

faults: .venv/installed
	$(BIN)/python -m tests.faults

bench: .venv/installed
	$(BIN)/python -m benchmarks

.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

.venv-lowest/installed: pyproject.toml tests/lowest.txt
	$(PYTHON) -m venv .venv-lowest
	.venv-lowest/bin/python -m pip install --quiet --disable-pip-version-check --constraint tests/lowest.txt --editable '.[dev]'
	touch $@

clean:
	rm -rf .venv .venv-lowest .pulumi build *.egg-info
