#!/usr/bin/env bash
# Fills a request log with a million rows (or as many as the argument says) and prints what writing, filters and
# deleting take. The numbers are for people; nothing fails by them.
set -euo pipefail
cd "$(dirname "$0")/.."
exec cargo run --release --package bench --bin log_bars -- "$@"
