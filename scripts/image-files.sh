#!/usr/bin/env bash
# Lays out in the folder OUT what the container image holds, around the static program PROGRAM: root/ is root's, app/ is
# the user's.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# /tmp is for who mounts something writable there: `demo` and dry runs of `import` want it.
mkdir -p "$OUT/root/usr/local/bin" "$OUT/root/app" "$OUT/root/tmp" "$OUT/app/data"
chmod 1777 "$OUT/root/tmp"
cp "$PROGRAM" "$OUT/root/usr/local/bin/ollama2openai"
cp LICENSE "$OUT/root/"
