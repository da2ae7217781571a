#!/usr/bin/env bash
# Lint, then every suite. A suite that fails does not keep the others from running. The last line is the sum:
# `N passed, N failed`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Where `node.sh` puts a Node if the system's is too old.
[ -x target/tools/node_modules/.bin/node ] && PATH="$PWD/target/tools/node_modules/.bin:$PATH"
# What is tested has the panel in it, not the page that takes its place on a machine without Node.
export PANEL=required

log=$(mktemp)
trap 'rm -f "$log"' EXIT
broken=()

# Runs a suite, and keeps what it printed for the counts.
suite() {
    local name=$1
    shift
    printf '\n== %s\n' "$name"
    "$@" 2>&1 | tee -a "$log" || broken+=("$name")
}

scripts/lint.sh
# --no-fail-fast: all test binaries run, and all failures are shown at once.
suite "cargo test" cargo test --no-fail-fast --package ollama2openai --package wire --package manual
suite "official SDKs" tests/sdk/run.sh
suite "commands of the documentation" tests/docs/run.sh
suite "the panel in a browser" ui/tests/run.sh

# Cargo says `test result: ok. N passed; N failed; …`, pytest `N failed, N passed in 1.23s`, the Node suite
# `N passed, N failed` alone on a line.
counts=$(awk '
    { gsub(/\033\[[0-9;]*m/, "") }
    /^test result: / || /^[0-9]+ passed, [0-9]+ failed$/ || /^(=+ )?[0-9]+ (passed|failed|errors?).* in [0-9.]+s/ {
        for (at = 2; at <= NF; at++) {
            if ($at ~ /^passed/) passed += $(at - 1)
            if ($at ~ /^(failed|errors?)/) failed += $(at - 1)
        }
    }
    END { printf "%d passed, %d failed", passed, failed }' "$log")

printf '\n'
if [ ${#broken[@]} -gt 0 ]; then
    echo "failed: $(IFS=,; echo "${broken[*]}")"
fi
echo "$counts"
[ ${#broken[@]} -eq 0 ]
