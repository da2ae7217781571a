#!/usr/bin/env bash
# Everything that is wrong without being run, cheapest first. crates/wire/fuzz is a workspace of its own and is
# checked by `make fuzz`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '\n== %s\n' "$*"; }

say "syntax of scripts"
for script in .ci/run scripts/*.sh; do bash -n "$script"; done
mapfile -t shells < <(git ls-files 'tests/*.sh' 'ui/*.sh')
for script in "${shells[@]}"; do bash -n "$script"; done
mapfile -t pythons < <(git ls-files '*.py')
if [ ${#pythons[@]} -gt 0 ] && command -v python3 >/dev/null; then
    python3 -c 'import ast, sys
for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as file:
        ast.parse(file.read(), path)' "${pythons[@]}"
fi
mapfile -t scripts < <(git ls-files '*.mjs' '*.js')
if [ ${#scripts[@]} -gt 0 ] && command -v node >/dev/null; then
    for script in "${scripts[@]}"; do node --check "$script"; done
fi

say "cargo fmt"
cargo fmt --all --check
say "cargo clippy"
cargo clippy --workspace --all-targets -- -D warnings
if command -v node >/dev/null && [ -d ui/node_modules ]; then
    say "types, form and lints of the panel"
    (cd ui && npm run --silent check)
fi
say "rustdoc"
# Private items, too: they are what a reader of the code looks up.
RUSTDOCFLAGS="-D warnings -A rustdoc::private_intra_doc_links" cargo doc --workspace --no-deps --document-private-items
