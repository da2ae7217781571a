#!/usr/bin/env bash
# Fuzzes each target of crates/wire for SECONDS_EACH seconds (10). What is found beside the committed corpus stays
# under crates/wire/fuzz/found, crashes under crates/wire/fuzz/artifacts.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fuzz=crates/wire/fuzz
seconds=${SECONDS_EACH:-10}
command -v c++ >/dev/null || { echo "error: libFuzzer needs a C++ compiler: apt-get install g++" >&2; exit 1; }
command -v cargo-fuzz >/dev/null || cargo install cargo-fuzz --locked
for target in $(cargo fuzz list --fuzz-dir "$fuzz"); do
    printf '\n== fuzz %s, %s s\n' "$target" "$seconds"
    found="$fuzz/found/$target"
    mkdir -p "$found" "$fuzz/corpus/$target"
    # No sanitizer: it works on the stable compiler, and there is no unsafe code to watch.
    cargo fuzz run --fuzz-dir "$fuzz" --sanitizer none "$target" "$found" "$fuzz/corpus/$target" -- \
        -max_total_time="$seconds" -max_len=65536 -verbosity=0
done
