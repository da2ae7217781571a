#!/usr/bin/env bash
# Installs what `make test-image` needs and a bare Debian lacks. Does nothing, and asks no network, when all is there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

packages=()
command -v buildah >/dev/null || packages+=(buildah)
command -v curl >/dev/null || packages+=(curl)
command -v ip >/dev/null || packages+=(iproute2)
command -v python3 >/dev/null || packages+=(python3)
command -v cc >/dev/null || packages+=(gcc libc6-dev)
command -v npm >/dev/null || packages+=(nodejs npm)
[ ${#packages[@]} -gt 0 ] || exit 0
command -v apt-get >/dev/null || { echo "error: this machine lacks what the Debian packages ${packages[*]} hold" >&2; exit 1; }
[ "$(id -u)" -eq 0 ] || { echo "error: as root: apt-get install ${packages[*]}" >&2; exit 1; }
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${packages[@]}"
