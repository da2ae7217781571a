#!/usr/bin/env bash
# Runs a tool of cargo in exactly this version, built into target/tools the first time: scripts/tool.sh cargo-deb 3.8.0
# ARGUMENTS…. A program of that version which is there already will do.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
name=$1
version=$2
shift 2

tools=$root/target/tools
PATH="$tools/bin:$PATH"
has() { command -v "$name" >/dev/null && [[ "$("$name" --version 2>/dev/null)" =~ (^|[ v])"$version"($| ) ]]; }
if ! has; then
    # It runs for a second: what optimising costs would not come back.
    env CARGO_TARGET_DIR="$tools/build" CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL=0 \
        CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_DEBUG=false \
        cargo install --quiet --locked --root "$tools" "$name@$version" >&2
    rm -rf "$tools/build"
fi
exec "$name" "$@"
