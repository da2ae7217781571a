#!/usr/bin/env bash
# The second half of run.sh, in a network, processes and mounts of its own: starts the program of the unpacked image on a
# read-only root with no capabilities and no new privileges, and talks to it. Leaves its
# counts in the file `counts`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
work=$1
root=$work/root
PROGRAM=/usr/local/bin/ollama2openai
TOKEN=sk-o2o-00112233445566778899aabbccddeeff0011223344556677
HERE=http://127.0.0.1:3000
# Of this machine, but not loopback: what comes from there is from elsewhere.
ELSEWHERE=http://192.0.2.1:3000
DATA_CAPS=+chown,+dac_override,+setuid,+setgid

ip link set lo up
ip addr add 192.0.2.1/32 dev lo

# What a container engine adds to an image, and this system's setpriv, which has to run within.
mkdir "$root/etc" "$root/dev" "$root/proc" "$root/.host"
touch "$root/dev/random" "$root/dev/urandom"
printf '127.0.0.1 localhost gpu-a gpu-b\n' >"$root/etc/hosts"
printf 'nameserver 127.0.0.1\n' >"$root/etc/resolv.conf"
# Hosts have modules for names, which are of another glibc than the program's: here one that ends whoever loads it.
printf 'hosts: trap files dns\n' >"$root/etc/nsswitch.conf"
multiarch=$root/lib/$(cc -print-multiarch)
mkdir -p "$multiarch"
echo '__attribute__((constructor)) static void trap(void) { __builtin_trap(); }' |
    cc -shared -fPIC -nostdlib -x c - -o "$multiarch/libnss_trap.so.2"
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
for device in random urandom; do mount --bind "/dev/$device" "$root/dev/$device"; done
mount --bind -o ro / "$root/.host"
mount -o remount,bind,ro "$root"
unshare=$(command -v unshare)
setpriv=$(realpath "$(command -v setpriv)")
# Links of this system lead nowhere from within.
loader=$(ldd "$setpriv" | awk '/ld-linux/ { print $1 }' | xargs realpath)
libraries=$(ldd "$setpriv" | awk '/=> \// { print $3 }' | xargs realpath | sed 's#^#/.host#; s#/[^/]*$##' | sort -u | paste -sd:)
within=("/.host$loader" --library-path "$libraries" "/.host$setpriv" --inh-caps -all --no-new-privs)

. tests/checks.sh
on_failure() { [ ! -s "$work/log" ] || sed 's/^/  | /' "$work/log" >&2; }
said() { grep -qF -- "$1" "$work/log" || { echo "  not said: $1" >&2; false; }; }

# Runs the image's program: jailed FLAGS-OF-SETPRIV… -- NAME=VALUE… -- ARGUMENTS…
jailed() {
    local flags=() variables=()
    while [ "$1" != -- ]; do flags+=("$1"); shift; done
    shift
    while [ "$1" != -- ]; do variables+=("$1"); shift; done
    shift
    mapfile -t image <"$work/env"
    exec env -i "${image[@]}" "${variables[@]}" \
        "$unshare" --root "$root" --wd /app "${within[@]}" "${flags[@]}" "$PROGRAM" "$@"
}

# Starts the gateway in the folder of data $1; the rest as above. Sets $gateway and $took (milliseconds).
start() {
    local begin
    mount --bind "$1" "$root/app/data"
    shift
    begin=$(date +%s%3N)
    jailed "$@" -- >"$work/log" 2>&1 &
    gateway=$!
    until curl -fs -o "$work/reply" "$HERE/livez"; do
        kill -0 "$gateway" 2>/dev/null || break
        sleep 0.02
    done
    took=$(($(date +%s%3N) - begin))
}

# What the image's health check says, with these flags of setpriv.
jailed_health() { (jailed "$@" -- -- healthcheck) 2>"$work/reply" || { cat "$work/reply" >&2; false; }; }
jailed_ill() { ! (jailed "$@" -- -- healthcheck) 2>"$work/reply" && replied "did not answer"; }

# Ends it in order.
stop() {
    local code=0
    kill -TERM "$gateway"
    wait "$gateway" || code=$?
    umount "$root/app/data"
    is "$code" 0
}

# The status of an answer, which is kept in $work/reply.
status() { curl -s -o "$work/reply" -w '%{http_code}' "$@" || true; }
replied() { grep -qF -- "$1" "$work/reply" || { echo "  $(cat "$work/reply")" >&2; false; }; }
chat() {
    status "$1/v1/chat/completions" -H "authorization: Bearer $TOKEN" \
        -d '{"model":"bench-whole","messages":[{"role":"user","content":"hi"}]}'
}
user_of() { awk '/^Uid:/ { print $2 }' "/proc/$gateway/status"; }
capabilities() { awk '/^Cap(Prm|Eff|Bnd):/ { print $2 }' "/proc/$gateway/status" | sort -u; }
folder() {
    local made
    made=$(mktemp -d -p "$work")
    chown "$1" "$made"
    echo "$made"
}

"$root$PROGRAM" bench-upstream --port 11434 >"$work/upstream" &
python3 -u tests/image/dns.py >"$work/dns" &
until grep -q bound "$work/dns" && grep -q listening "$work/upstream"; do sleep 0.02; done

. tests/image/cases.sh

echo "$passed $failed" >"$work/counts"
