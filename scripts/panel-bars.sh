#!/usr/bin/env bash
# Fills a database with 10,000 tokens, 1,000 channels and a million log rows, and prints what the panel takes on it in a
# browser, each page against its bars: a second for its first paint and its content, 100 ms for what a person does. The
# numbers are for people; nothing fails by them.
set -euo pipefail
cd "$(dirname "$0")/.."
PANEL=required cargo build --release --package ollama2openai --bin ollama2openai
cargo build --release --package bench --bin log_bars
target=$(realpath "${CARGO_TARGET_DIR:-target}")
export GATEWAY=$target/release/ollama2openai LOG_BARS=$target/release/log_bars
[ -d ui/node_modules ] || npm --prefix ui ci --silent --no-audit --no-fund
exec node ui/tests/bars.mjs
