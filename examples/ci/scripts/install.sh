#!/usr/bin/env bash
# Make the virtual environment that Pulumi.yaml names, with the package and its emulator.
# PULUMI_DPC says where pip finds the package, which is not on PyPI yet.
set -euo pipefail
python3 -m venv .venv
.venv/bin/pip install --quiet "pulumi-dpc[emulator] @ $PULUMI_DPC"
