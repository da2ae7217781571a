#!/usr/bin/env bash
# Installs what `make test` needs and a bare machine lacks. Does nothing, and asks no network, when all is there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if ! command -v cargo >/dev/null; then
    echo "error: Rust is missing; install it as https://rustup.rs says, version 1.95 or later" >&2
    exit 1
fi

components=()
cargo fmt --version >/dev/null 2>&1 || components+=(rustfmt)
cargo clippy --version >/dev/null 2>&1 || components+=(clippy)
if [ ${#components[@]} -gt 0 ]; then
    if ! command -v rustup >/dev/null; then
        echo "error: ${components[*]} missing; install them beside cargo" >&2
        exit 1
    fi
    rustup component add "${components[@]}"
fi

packages=()
# The C compiler builds the crates that are C inside: aws-lc-sys and libmimalloc-sys.
command -v cc >/dev/null || packages+=(gcc libc6-dev)
# Node builds the panel. Python and Node run the suites of tests/sdk; Python also writes the dashboard of deploy/grafana.
python3 -c 'import ensurepip, venv' >/dev/null 2>&1 || packages+=(python3 python3-venv)
command -v node >/dev/null || packages+=(nodejs)
command -v npm >/dev/null || packages+=(npm)
# The documentation asks by curl, and its commands are run.
command -v curl >/dev/null || packages+=(curl)
# promtool judges the page of metrics and the alert rules.
command -v promtool >/dev/null || packages+=(prometheus)
# systemd judges the units of deploy/systemd and starts the gateway on a socket; no systemd need run.
command -v systemd-socket-activate >/dev/null && command -v systemd-analyze >/dev/null || packages+=(systemd)
# A root without capabilities is made with it.
command -v setpriv >/dev/null || packages+=(util-linux)
# The file in deploy/nginx is run; bench measures beside it.
[ -x /usr/sbin/nginx ] || command -v nginx >/dev/null || packages+=(nginx-light)
# The panel is looked at in a browser, in Chinese too.
command -v chromium >/dev/null || packages+=(chromium)
fc-list :lang=zh 2>/dev/null | grep -q . || packages+=(fonts-noto-cjk fontconfig)

if [ ${#packages[@]} -gt 0 ]; then
    if ! command -v apt-get >/dev/null; then
        echo "error: this machine lacks what the Debian packages ${packages[*]} hold" >&2
        exit 1
    fi
    as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || { echo "error: as root: apt-get install ${packages[*]}" >&2; exit 1; }
        as_root=(sudo)
    fi
    export DEBIAN_FRONTEND=noninteractive
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${packages[@]}"
fi

scripts/node.sh
