#!/usr/bin/env bash
# Make the virtual environment that Pulumi.yaml names, with the package and its emulator.
# requirements.txt says where pip finds it.
set -euo pipefail
if grep -q 'OWNER/pulumi-dpc@COMMIT' requirements.txt; then
  echo 'requirements.txt: write where pip finds pulumi-dpc, in place of OWNER and COMMIT' >&2
  exit 1
fi
python3 -m venv .venv
.venv/bin/pip install --quiet --requirement requirements.txt
