# For scripts that look at what was built, by `source`: each check is counted, and the one that fails is named.

passed=0
failed=0
# check WHAT COMMAND…; `on_failure`, where there is one, shows more.
check() {
    local what=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "failed: $what" >&2
        ! declare -F on_failure >/dev/null || on_failure
    fi
}
is() { [ "$1" = "$2" ] || { echo "  $1 is not $2" >&2; false; }; }
