#!/usr/bin/env bash
# Builds the program without any library of the system in it, panel included, and prints where it is. TARGET is this
# machine's GNU target unless the environment names another one; musl's are static by themselves. Arguments go
# to cargo.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

TARGET="${TARGET:-$(uname -m)-unknown-linux-gnu}"
# Where there are no sources of the panel there are stubs.
if [ -e ui/index.html ]; then
    scripts/node.sh
    export PANEL=required
fi
# Flags of one target reach neither build scripts nor macros, which cannot be static.
flags="CARGO_TARGET_$(tr a-z- A-Z_ <<<"$TARGET")_RUSTFLAGS"
export "$flags=-C target-feature=+crt-static"
cargo build --release --locked --target "$TARGET" --bin ollama2openai "$@"

program="${CARGO_TARGET_DIR:-target}/$TARGET/release/ollama2openai"
if ldd "$program" 2>/dev/null | grep -q '=>'; then
    echo "error: $program wants libraries of the system" >&2
    exit 1
fi
realpath "$program"
