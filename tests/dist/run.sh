#!/usr/bin/env bash
# Makes what a release consists of, unpacks it, and looks at what is in it. The Debian package is unpacked, not installed.
# Leaves dist/ and nothing else behind.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. tests/checks.sh
has() { [ -s "$1" ] || { echo "  $1 is not there" >&2; false; }; }

scripts/dist.sh >/dev/null
check "checksums" sh -c 'cd dist && sha256sum --quiet --check SHA256SUMS'
archive=$(echo dist/*.tar.gz)
package=$(echo dist/*.deb)
cp "$archive" "$work/first.tar.gz"
cp "$package" "$work/first.deb"

tar -xzf "$archive" -C "$work"
name=$(basename "$archive" .tar.gz)
check "one folder" is "$(cd "$work" && ls -d */)" "$name/"
cd "$work/$name"
version=$(./ollama2openai --version | cut -d' ' -f2)
check "its name" is "ollama2openai-$version-linux-$(dpkg --print-architecture)" "$name"
check "the program wants no library" sh -c '! ldd ollama2openai 2>/dev/null | grep "=>"'
for file in README.md README.zh.md CHANGELOG.md LICENSE SECURITY.md config.example.toml env.example \
    systemd/ollama2openai.service systemd/ollama2openai.socket completions/ollama2openai.bash \
    completions/_ollama2openai completions/ollama2openai.fish completions/_ollama2openai.ps1 man/ollama2openai.1 \
    man/ollama2openai-key-add.1 systemd/ollama2openai.service.d/secrets.conf; do
    check "$file" has "$file"
done
# What a page of a folder links to that is not there. Sources are in the repository alone.
dead() {
    local page path
    (cd "$1" && find . -name '*.md') | while read -r page; do
        grep -o '](\.\{0,2\}[A-Za-z./][^):]*)' "$1/$page" | sed 's/^](//; s/[#)].*//' | while read -r path; do
            [ -z "$path" ] || [ -e "$1/$(dirname "$page")/$path" ] || echo "$page: $path"
        done
    done | grep -v ': \(\.\./\)\?\(scripts\|src\|tests\|ui\|crates\|bench\|migrations\|\.github\|deploy/systemd\|deploy/debian\)\(/\|$\)' || true
}
check "links of the pages" is "$(dead .)" ""
check "the example is a good configuration" sh -c './ollama2openai check-config --config config.example.toml >/dev/null'
check "the shell takes the completions" bash -n completions/ollama2openai.bash
for part in "serde 1" "mantine/core 9" "react 19" "Apache License" "SQLite" "GNU LESSER GENERAL PUBLIC LICENSE"; do
    check "licences tell of $part" grep -qi "$part" THIRD-PARTY-LICENSES.txt
done
check "the list of parts" is "$(jq -r '.bomFormat, .metadata.component.version' sbom.cdx.json | paste -sd' ')" "CycloneDX $version"
check "parts are those of cargo and npm" is \
    "$(jq -r '[.components[].purl | select(test("^pkg:(cargo/tokio|npm/react)@"))] | length' sbom.cdx.json)" 2
check "every part that is needed is listed" is \
    "$(jq -r '([.dependencies[].dependsOn[]] - [.components[].purl]) | length' sbom.cdx.json)" 0
cd - >/dev/null

dpkg-deb --extract "$package" "$work/system"
dpkg-deb --control "$package" "$work/control"
field() { dpkg-deb --field "$package" "$1"; }
check "package" is "$(field Package) $(field Version) $(field Architecture)" \
    "ollama2openai $version-1 $(dpkg --print-architecture)"
check "the program of the package" cmp "$work/system/usr/bin/ollama2openai" "$work/$name/ollama2openai"
for file in lib/systemd/system/ollama2openai.service share/doc/ollama2openai/ollama2openai.socket \
    share/man/man1/ollama2openai.1.gz share/man/man1/ollama2openai-key-add.1.gz \
    share/bash-completion/completions/ollama2openai share/zsh/vendor-completions/_ollama2openai \
    share/fish/vendor_completions.d/ollama2openai.fish share/doc/ollama2openai/copyright \
    share/doc/ollama2openai/THIRD-PARTY-LICENSES.txt; do
    check "$file" has "$work/system/usr/$file"
done
check "links of the package's pages" is "$(dead "$work/system/usr/share/doc/ollama2openai")" ""
check "secrets as credentials" has "$work/system/usr/share/doc/ollama2openai/secrets.conf"
check "what people change stays" is "$(sort "$work/control/conffiles" | paste -sd' ')" \
    "$(cd "$work/system" && find etc -type f -printf '/%p\n' | sort | paste -sd' ')"
check "only root reads secrets" is "$(stat -c %a "$work/system/etc/default/ollama2openai")" 600
check "the configuration is a good one" sh -c "cd '$work/system/etc/ollama2openai' && ../../usr/bin/ollama2openai check-config >/dev/null"
for script in postinst prerm postrm; do
    check "$script" sh -n "$work/control/$script"
    check "$script is filled in" sh -c "! grep -q '#DEBHELPER#' '$work/control/$script'"
done
check "a user of its own" grep -q '^u ollama2openai ' "$work/system/usr/lib/sysusers.d/ollama2openai.conf"
check "is made at once" grep -q 'systemd-sysusers .*ollama2openai.conf' "$work/control/postinst"
check "the unit is started" grep -q 'deb-systemd-invoke' "$work/control/postinst"
check "everything is root's" is "$(TAR_OPTIONS=--numeric-owner dpkg-deb --contents "$package" | awk '{ print $2 }' | sort -u)" 0/0
check "purging leaves nothing" grep -q 'rm -rf /var/lib/ollama2openai /etc/ollama2openai$' "$work/control/postrm"

scripts/dist.sh >/dev/null
check "a second archive is the same" cmp "$archive" "$work/first.tar.gz"
check "a second package is the same" cmp "$package" "$work/first.deb"
check "notes of the release" sh -c 'scripts/release-notes.sh "v$1" | grep -q .' - "$version"
check "no notes of what is not there" sh -c '! scripts/release-notes.sh 0.0.1 2>/dev/null'

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
