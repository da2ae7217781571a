#!/usr/bin/env bash
# Builds the last stage of Dockerfile around the static program, looks at what is in the image, and starts it as a
# strict container would: tests/image/run.sh [PATH OF THE STATIC PROGRAM]. Needs root, for chroot and mounts; asks no
# registry of images, runs no container, and leaves nothing behind.
set -euo pipefail
# A path is meant from where it was typed.
given=${1:+$(realpath "$1")}
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

[ "$(id -u)" -eq 0 ] || { echo "error: run this as root: it mounts and changes roots" >&2; exit 1; }
MOST_BYTES=30000000

work=$(mktemp -d)
ours=(buildah --root "$work/storage" --runroot "$work/run" --storage-driver vfs)
ended() {
    "${ours[@]}" rm --all >/dev/null 2>&1 || true
    rm -rf "$work"
}
trap ended EXIT

# What the builder stage leaves.
program=${given:-$(scripts/static.sh)}
OUT="$work/builder/out" PROGRAM="$program" scripts/image-files.sh
"${ours[@]}" build --quiet --isolation chroot --format docker --build-context builder="$work/builder" --target final \
    --tag ollama2openai . >/dev/null

. tests/checks.sh
config() { "${ours[@]}" inspect --type image --format "{{$1}}" ollama2openai; }

check "entrypoint" is "$(config .Docker.Config.Entrypoint)" "[/usr/local/bin/ollama2openai]"
check "no command" is "$(config .Docker.Config.Cmd)" "[]"
check "the user is left to RUN_AS" is "$(config .Docker.Config.User)" ""
check "volume" is "$(config .Docker.Config.Volumes)" "map[/app/data:{}]"
check "port" is "$(config .Docker.Config.ExposedPorts)" "map[3000/tcp:{}]"
check "signal" is "$(config .Docker.Config.StopSignal)" "SIGTERM"
check "folder" is "$(config .Docker.Config.WorkingDir)" "/app"
check "health check" is "$(config .Docker.Config.Healthcheck.Test)" "[CMD /usr/local/bin/ollama2openai healthcheck]"
check "version" is "$(config '(index .Docker.Config.Labels "org.opencontainers.image.version")')" \
    "$("$program" --version | cut -d' ' -f2)"

config 'range .Docker.Config.Env}}{{println .}}{{end' | sed '/^$/d' >"$work/env"
check "open to the network" grep -qx HOST=0.0.0.0 "$work/env"
check "data folder" grep -qx DATA_DIR=/app/data "$work/env"

# Until it has come to its end.
echo "0 1" >"$work/counts"
container=$("${ours[@]}" from --pull-never ollama2openai)
mounted=$("${ours[@]}" mount "$container")
cp -a "$mounted" "$work/root"
"${ours[@]}" umount "$container" >/dev/null
bytes=$(du -sb "$work/root" | cut -f1)
echo "the image has $bytes bytes, of which the program $(stat -c %s "$program")"
check "at most $MOST_BYTES bytes" [ "$bytes" -le "$MOST_BYTES" ]
check "owner of the folder above" is "$(stat -c %u:%g "$work/root/app")" 0:0
check "owner of the data folder" is "$(stat -c %u:%g "$work/root/app/data")" 65532:65532
check "everybody may use /tmp" is "$(stat -c %a "$work/root/tmp")" 1777
check "no files but these" is "$(cd "$work/root" && find . -type f | sort | tr '\n' ' ')" \
    "./LICENSE ./usr/local/bin/ollama2openai "

# A network, processes and mounts of its own, which all end with it.
unshare --net --mount --pid --fork --kill-child --mount-proc tests/image/inside.sh "$work" || true
read -r more_passed more_failed <"$work/counts"
passed=$((passed + more_passed))
failed=$((failed + more_failed))
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
