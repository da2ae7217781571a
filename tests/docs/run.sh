#!/usr/bin/env bash
# Runs the commands of README.md and docs/ against a running gateway: tests/docs/run.sh [PATH OF THE GATEWAY]. Uses what
# tests/sdk/run.sh has installed.
set -euo pipefail
given=${1:+$(realpath "$1")}
cd "$(dirname "${BASH_SOURCE[0]}")"

gateway=${given:-${CARGO_TARGET_DIR:-../../target}/debug/ollama2openai}
GATEWAY=$(realpath "$gateway")
export GATEWAY PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=../sdk/python
[ -x "$GATEWAY" ] || { echo "error: there is no gateway at $gateway; build it first" >&2; exit 1; }
[ -x ../sdk/.venv/bin/python ] || { echo "error: run tests/sdk/run.sh first" >&2; exit 1; }
shift || true
exec ../sdk/.venv/bin/python -m pytest -q -p no:cacheprovider test_commands.py "$@"
