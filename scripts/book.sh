#!/usr/bin/env bash
# Builds the pages as a site in target/book/html. Installs mdBook into target/tools when it is not there, which takes
# a few minutes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=0.5.4
mdbook=target/tools/bin/mdbook
if [ "$("$mdbook" --version 2>/dev/null)" != "mdbook v$version" ]; then
    cargo install mdbook --locked --version "$version" --root target/tools --no-default-features --features search
fi

src=target/book/src
rm -rf "$src"
mkdir -p "$src"
cp -r ./*.md LICENSE config.example.toml .env.example docs deploy scripts "$src"
# The table of contents is seen from the root there.
sed -E 's#\]\(([^.)])#](docs/\1#; s#\]\(\.\./#](#' docs/SUMMARY.md >"$src/SUMMARY.md"
rm "$src/docs/SUMMARY.md"
# The front page is called index there, and the table of contents stands beside each page.
mv "$src/README.md" "$src/index.md"
find "$src" -name '*.md' -exec sed -i -E 's#\]\((\.\./)?README\.md#](\1index.md#g; s#\]\(docs/SUMMARY\.md#](toc.html#g' {} +
"$mdbook" build
echo "target/book/html/index.html"
