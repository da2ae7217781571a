#!/usr/bin/env bash
# The panel in a real browser, against a running gateway: ui/tests/run.sh [PATH OF THE GATEWAY] [FILES…].
# Installs what the lock file names, once for each change of it; builds no gateway. Needs Chromium and Node 20.
set -euo pipefail
# A path is meant from where it was typed.
given=${1:+$(realpath "$1")}
cd "$(dirname "${BASH_SOURCE[0]}")"

gateway=${given:-${CARGO_TARGET_DIR:-../../target}/debug/ollama2openai}
shift || true
GATEWAY=$(realpath "$gateway")
export GATEWAY
[ -x "$GATEWAY" ] || { echo "error: there is no gateway at $gateway; build it first" >&2; exit 1; }

if ! cmp -s ../package-lock.json ../node_modules/.tested-lock.json; then
    (cd .. && npm ci --silent --no-audit --no-fund)
    cp ../package-lock.json ../node_modules/.tested-lock.json
fi

[ $# -gt 0 ] || set -- pages/*.test.mjs manners/*.test.mjs
# The runner prints its counts as `ℹ pass 14`; they are said again in the form that the sum is made from.
node --test --test-concurrency=2 --test-reporter=spec "$@" > >(
    awk '{ print } /^ℹ pass / { pass = $3 } /^ℹ (fail|cancelled) / { fail += $3 }
        END { print pass + 0 " passed, " fail + 0 " failed" }'
)
