#!/usr/bin/env bash
# Prints what CHANGELOG.md says of a version: scripts/release-notes.sh 4.0.0. Fails when it says nothing, and when a tag
# such as v4.0.0 is not the version in Cargo.toml.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=${1:?the version is missing, as in: scripts/release-notes.sh 4.0.0}
built=$(sed -n 's/^version = "\(.*\)"/\1/p;/^version/q' Cargo.toml)
if [[ $version == v* && ${version#v} != "$built" ]]; then
    echo "error: the tag is $version, and Cargo.toml has $built" >&2
    exit 1
fi
notes=$(awk -v version="${version#v}" '
    /^## / { inside = $2 == version || $2 == version ","; next }
    inside { print }
' CHANGELOG.md | sed '/./,$!d')
[ -n "$notes" ] || { echo "error: CHANGELOG.md has nothing of $version" >&2; exit 1; }
printf '%s\n' "$notes"
