#!/usr/bin/env bash
# Puts a Node and an npm that can build the panel into target/tools, where the system's are too old: Debian 12 has Node
# 18, and both Debian 12 and 13 an npm that does not install Vite 8. Needs no root. Does nothing, and asks no network,
# when all is there, or when there is no npm at all.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

command -v npm >/dev/null || exit 0
PATH="$PWD/target/tools/node_modules/.bin:$PATH"

# The same as build.rs asks for.
node_is_new() {
    node -e 'const [major, minor] = process.versions.node.split(".").map(Number);
        const least = { 20: 19, 22: 12 }[major] ?? (major > 22 ? 0 : Infinity);
        process.exit(Number(minor < least));' 2>/dev/null
}
npm_is_new() { [ "$(npm --version 2>/dev/null | cut -d. -f1)" -ge 11 ] 2>/dev/null; }

node_is_new && npm_is_new && exit 0
echo "Node 20 and npm 11 go into target/tools: the system's are too old for the panel" >&2
npm install --silent --no-audit --no-fund --no-save --prefix target/tools node@20 npm@11
