#!/usr/bin/env bash
# Builds, starts, and does both again when a source file, .env or config.toml changes. Looks at the times of the
# files twice a second, so it needs no further program. Arguments go to the gateway. Ctrl-C ends it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

stamp=$(mktemp)
pid=
stop() {
    [ -n "$pid" ] && kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
    pid=
    return 0
}
trap 'stop; rm -f "$stamp"; exit 0' INT TERM
trap 'stop; rm -f "$stamp"' EXIT

changed() {
    local names=(-name '*.rs' -o -name Cargo.toml -o -name Cargo.lock)
    [ -n "$(find src crates Cargo.toml Cargo.lock -name target -prune -o -newer "$stamp" \( "${names[@]}" \) -print -quit)" ] ||
        [ -n "$(find . -maxdepth 1 -newer "$stamp" \( -name .env -o -name config.toml \) -print -quit)" ]
}

program="${CARGO_TARGET_DIR:-target}/debug/ollama2openai"
while true; do
    touch "$stamp"
    if cargo build --bin ollama2openai; then
        # A short drain, or an open stream would hold back the restart.
        DRAIN_TIMEOUT="${DRAIN_TIMEOUT:-1s}" "$program" "$@" &
        pid=$!
    fi
    until changed; do sleep 0.5; done
    printf '\n-- changed, starting again\n'
    stop
done
