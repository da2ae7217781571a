#!/usr/bin/env bash
# Fills a request log with a million rows (or as many as the argument says) and prints what writing, filters and deleting take,
# in the library; then, over HTTP, each against its bar: pages, filters, the export's first byte and the dashboard (100 ms), and
# writes while half of the rows are deleted (50 ms). The numbers are for people; nothing fails by them.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --release --package ollama2openai --bin ollama2openai
exec cargo run --release --package bench --bin log_bars -- "$@"
