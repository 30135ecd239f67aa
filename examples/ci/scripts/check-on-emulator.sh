#!/usr/bin/env bash
# Deploy the program to an emulator of the service, look again, and destroy it. It needs no account and no secret.
set -euo pipefail
unset DPC_TOKEN # beside the credential of the emulator it would be refused, as a second way to sign in
scratch=$(mktemp -d)
made=$([ -e Pulumi.check.yaml ] || echo Pulumi.check.yaml) # `pulumi stack init` writes it; one of yours stays
.venv/bin/python -m pulumi_dpc.emulator --seed emulator.yaml --port 0 --time-scale 0.1 > "$scratch/env" &
emulator=$!
trap 'kill "$emulator"; rm -rf "$scratch" $made' EXIT
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
