#!/usr/bin/env bash
# Deploy the program to an emulator of the service, look again, and destroy it. It needs no account and no secret.
set -euo pipefail
scratch=$(mktemp -d)
.venv/bin/python -m pulumi_dpc.emulator --seed emulator.yaml --port 0 --time-scale 0.1 > "$scratch/env" &
emulator=$!
trap 'kill "$emulator"; rm -rf "$scratch"' EXIT
until grep -q Serving "$scratch/env"; do
  kill -0 "$emulator"
  sleep 0.1
done
source "$scratch/env"
export PULUMI_BACKEND_URL="file://$scratch" PULUMI_CONFIG_PASSPHRASE=emulator
pulumi stack init check --non-interactive
pulumi up --stack check --yes --non-interactive
pulumi preview --stack check --expect-no-changes --non-interactive
pulumi destroy --stack check --yes --non-interactive
