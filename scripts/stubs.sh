#!/usr/bin/env bash
# Puts empty sources beside the manifests, where nothing else is, so that `Dockerfile` can build all dependencies in
# layers of their own. Never for a clone: it refuses where there are sources.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

[ ! -e src ] || { echo "error: there are sources already" >&2; exit 1; }
stub() {
    mkdir -p "$(dirname "$1")"
    printf '%s\n' "$2" >"$1"
}
for main in src/main.rs bench/src/main.rs crates/manual/src/main.rs crates/wire/benches/translate.rs tests/it/main.rs; do
    stub "$main" 'fn main() {}'
done
stub src/lib.rs ''
stub crates/wire/src/lib.rs ''
