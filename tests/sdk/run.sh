#!/usr/bin/env bash
# The official OpenAI SDKs, Python and Node, against a running gateway: tests/sdk/run.sh [PATH OF THE GATEWAY].
# Installs what the lock files name, once for each change of them; builds nothing. A line on stderr, any warning
# included, is a failure. Needs Python 3.10 and Node 20 or later.
set -euo pipefail
# A path is meant from where it was typed.
given=${1:+$(realpath "$1")}
cd "$(dirname "${BASH_SOURCE[0]}")"

gateway=${given:-${CARGO_TARGET_DIR:-../../target}/debug/ollama2openai}
GATEWAY=$(realpath "$gateway")
export GATEWAY
[ -x "$GATEWAY" ] || { echo "error: there is no gateway at $gateway; build it first" >&2; exit 1; }
node -e 'process.exit(Number(parseInt(process.versions.node) < 20))' ||
    { echo "error: Node 20 or later is needed, this is $(node --version)" >&2; exit 1; }

# The lock file is copied beside what it made, so that a second run asks no network.
if ! cmp -s requirements.txt .venv/requirements.txt; then
    rm -rf .venv
    python3 -m venv .venv
    .venv/bin/pip install --quiet --disable-pip-version-check --requirement requirements.txt
    cp requirements.txt .venv/
fi
if ! cmp -s package-lock.json node_modules/package-lock.json; then
    npm ci --silent --no-audit --no-fund
    cp package-lock.json node_modules/
fi

failed=0
errors=$(mktemp)
trap 'rm -f "$errors"' EXIT

# Runs a suite; whatever it says on stderr is shown and fails it.
suite() {
    "$@" 2>"$errors" || failed=1
    if [ -s "$errors" ]; then
        echo "error: this was printed on stderr:"
        cat "$errors"
        failed=1
    fi
}

echo "-- Python"
export PYTHONDONTWRITEBYTECODE=1
suite .venv/bin/python -W error -m pytest python
echo "-- Node"
# The runner prints its counts as `ℹ pass 14`; they are said again in the form that the sum is made from.
suite node --throw-deprecation --test-reporter=spec node/main.mjs > >(
    awk '{ print } /^ℹ pass / { pass = $3 } /^ℹ (fail|cancelled) / { fail += $3 }
        END { print pass + 0 " passed, " fail + 0 " failed" }'
)
wait $!
exit "$failed"
