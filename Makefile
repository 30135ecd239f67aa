# Two commands: `make demo` shows it work, `make test` proves it. Both need make and Python 3.10 or newer, no more.
PYTHON ?= python3
BIN := .venv/bin

# The tests start hundreds of processes; without bytecode each of them compiles the package anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := demo
.PHONY: help demo install check test lint types docs tables coverage lowest matrix package sbom mutation faults bench clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 18

demo: .venv/demo ## the life of a pipeline, and ten that come under Pulumi, with the CLI on the emulator
	@echo "make demo: the demo begins; Ctrl-C ends it and leaves nothing behind"
	@$(BIN)/python -m examples.demo

install: .venv/installed ## make the virtual environment .venv

check: lint types docs ## before a push: everything but the tests that need the Pulumi CLI
	$(BIN)/python -m pytest -n auto -m 'not cli'

test: .venv/installed ## the whole suite; tests that need the Pulumi CLI say so where there is none
	$(BIN)/python -m pytest -n auto

lint: .venv/installed ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo

types: .venv/installed ## mypy, strict, of the package, the tests, the benchmarks and every example
	$(BIN)/mypy
	for folder in $$(find examples -name Pulumi.yaml -exec dirname {} \;); do MYPYPATH=$$folder $(BIN)/mypy $$folder/__main__.py || exit 1; done
	$(BIN)/mypy examples/policy-pack/rules.py

docs: .venv/installed ## the site, in build/docs; a warning is an error
	$(BIN)/python -m sphinx -b html -E -W --keep-going -q -d build/doctrees docs build/docs
	@echo "build/docs/index.html"

tables: .venv/installed ## write what is generated: the tables in their pages, the types of mappings, the JSON Schema
	$(BIN)/python -m tests.repository.test_site
	$(BIN)/python -m tests.repository.test_mappings
	$(BIN)/python -m tests.definition.test_json_schema

coverage: .venv/installed ## which lines and branches no test runs, processes of the provider included
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n auto -m 'not cli'
	$(BIN)/coverage combine -q
	$(BIN)/coverage report

lowest: .venv-lowest/installed ## the suite with the lowest versions that pyproject.toml allows; PYTHON=python3.10 for the lowest Python too
	.venv-lowest/bin/python -m pytest -n auto -m 'not cli'

matrix: .venv/installed ## the suite with every Python that is here, and the lowest and newest SDK; TESTS=tests/dynamic for a part
	$(BIN)/python -m tests.matrix $(TESTS)

package: ## build the wheel and the source distribution in dist, and install each in an empty environment, with pip and uv
	$(PYTHON) -m tests.installing dist

sbom: ## what is installed beside the wheel in dist, with every extra that users get, as CycloneDX, in build/sbom.cdx.json
	rm -rf build/sbom && mkdir -p build/sbom
	$(PYTHON) -m venv build/sbom/empty
	build/sbom/empty/bin/python -m pip install --quiet --disable-pip-version-check "$$(ls dist/*.whl)[cli,emulator,testing]"
	$(PYTHON) -m venv build/sbom/tool
	build/sbom/tool/bin/python -m pip install --quiet --disable-pip-version-check cyclonedx-bom==7.5.0
	build/sbom/tool/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible --output-file build/sbom.cdx.json build/sbom/empty/bin/python

mutation: .venv/installed ## which small changes of the rules no test notices: a sample of 80; an hour or so
	$(BIN)/python -m tests.mutation

faults: .venv/installed ## the fault campaign, and its table for docs/reliability.md
	$(BIN)/python -m tests.faults
	$(BIN)/python -m tests.faults.agents

bench: .venv/installed ## the figures of docs/benchmarks.md
	$(BIN)/python -m benchmarks

# What the demo needs and no more: the package, and the emulator. Modules are compiled as they are used.
.venv/demo: pyproject.toml
	@echo "make demo: making the virtual environment .venv, once"
	@$(PYTHON) -m venv .venv
	@echo "make demo: installing the package, its command and the emulator into it, once; half a minute if pip has to download"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --editable '.[cli,emulator]'
	@touch $@

.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,docs]'
	touch .venv/demo $@

.venv-lowest/installed: pyproject.toml tests/lowest.txt
	$(PYTHON) -m venv .venv-lowest
	.venv-lowest/bin/python -m pip install --quiet --disable-pip-version-check --constraint tests/lowest.txt --editable '.[dev]'
	touch $@

clean: ## remove what the other targets make
	rm -rf .venv .venv-lowest .venv-matrix .pulumi build dist *.egg-info
