# Two commands: `make demo` shows it work, `make test` proves it. Both need make and Python 3.10 or newer, no more.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo install test lint types faults bench clean

demo: .venv/installed
	$(BIN)/python -m examples.demo

install: .venv/installed

test: .venv/installed
	$(BIN)/python -m pytest -n auto

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/installed
	$(BIN)/mypy

faults: .venv/installed
	$(BIN)/python -m tests.faults

bench: .venv/installed
	$(BIN)/python -m benchmarks

.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

clean:
	rm -rf .venv .pulumi build *.egg-info
