#!/usr/bin/env bash
# Makes what a release consists of, in dist/: the archive with everything beside the program, on Linux with glibc the
# Debian package too, and SHA256SUMS. TARGET is that of scripts/static.sh. The same commit gives the same archive: its
# times are SOURCE_DATE_EPOCH, which is the commit's unless the environment says otherwise.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

[ -x target/tools/node_modules/.bin/node ] && PATH="$PWD/target/tools/node_modules/.bin:$PATH"
export TARGET="${TARGET:-$(uname -m)-unknown-linux-gnu}"
export SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}"
case $TARGET in
    x86_64-*-linux-gnu) system=linux-amd64 ;;
    aarch64-*-linux-gnu) system=linux-arm64 ;;
    x86_64-*-linux-musl) system=linux-amd64-musl ;;
    aarch64-*-linux-musl) system=linux-arm64-musl ;;
    x86_64-apple-darwin) system=macos-amd64 ;;
    aarch64-apple-darwin) system=macos-arm64 ;;
    *) echo "error: nothing is released for $TARGET" >&2; exit 1 ;;
esac

program=$(scripts/static.sh --package ollama2openai --package manual --bin manual)
version=$("$program" --version | cut -d' ' -f2)
name=ollama2openai-$version-$system

rm -rf dist
files=dist/files
mkdir -p $files/systemd/ollama2openai.service.d
cp "$program" $files/
"$(dirname "$program")/manual" $files
# The pages with what they name.
cp README.md README.zh.md CHANGELOG.md LICENSE SECURITY.md ARCHITECTURE.md CONTRIBUTING.md config.example.toml compose.yaml $files/
cp .env.example $files/
# A dot hides it.
cp .env.example $files/env.example
cp -R docs $files/
mkdir $files/deploy
cp -R deploy/grafana deploy/nginx $files/deploy/
cp deploy/systemd/ollama2openai.service deploy/systemd/ollama2openai.socket deploy/systemd/ollama2openai.sysusers $files/systemd/
cp deploy/systemd/ollama2openai.service.d/secrets.conf $files/systemd/ollama2openai.service.d/
node scripts/third-party.mjs "$TARGET" $files
chmod -R u=rwX,go=rX $files

tar --create --directory dist --transform "s,^files,$name," --sort=name --format=gnu --mtime="@$SOURCE_DATE_EPOCH" \
    --owner=0 --group=0 --numeric-owner files | gzip --no-name --best >"dist/$name.tar.gz"
if [[ $TARGET == *-linux-gnu ]]; then
    # The package's files are those of the archive: see [package.metadata.deb] in Cargo.toml.
    mkdir dist/units
    cp $files/systemd/ollama2openai.service dist/units/
    scripts/tool.sh cargo-deb 3.8.0 --quiet --no-build --no-strip --target "$TARGET" --output dist/
fi
rm -rf $files dist/units
cd dist
sha256sum -- * >SHA256SUMS
ls -l
