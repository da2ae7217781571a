# What is asked of the image's program; run by inside.sh, which has the words used here.

NOBODY=(--reuid 65532 --regid 65532 --clear-groups --bounding-set -all)
BARE_ROOT=(--bounding-set -all)

echo "-- as 65532, without capabilities" >&2
start "$(folder 65532:65532)" "${NOBODY[@]}" -- ADMIN_PASSWORD=a-long-password OLLAMA_BASE_URL=http://ollama:11434 \
    API_TOKEN="$TOKEN"
echo "   it serves after $took ms" >&2
check "serves at once" [ "$took" -lt 3000 ]
check "user" is "$(user_of)" 65532
check "no capability is left" is "$(capabilities)" 0000000000000000
check "health" is "$(status "$HERE/health")" 200
check "the backend's name is found by DNS" replied '"status":"ok"'
check "a chat" is "$(chat "$HERE")" 200
check "a chat from elsewhere" is "$(chat "$ELSEWHERE")" 200
check "without a token" is "$(status "$ELSEWHERE/v1/models")" 401
check "the panel is in it" is "$(status "$ELSEWHERE/admin")" 200
check "its page" replied csp-nonce
check "signing in" is "$(status "$ELSEWHERE/admin/login" -d '{"password":"a-long-password"}')" 200
check "nobody is refused" is "$(status "$ELSEWHERE/admin/api/sign-in")" 200
check "so it says" replied '"refused":null'
check "health check" jailed_health "${NOBODY[@]}"
check "the root is read-only" is "$(touch "$root/x" 2>/dev/null; echo $?)" 1
check "ends in order" stop
check "health check of one that is down" jailed_ill "${NOBODY[@]}"

echo "-- without ADMIN_PASSWORD" >&2
start "$(folder 65532:65532)" "${NOBODY[@]}" -- OLLAMA_BASE_URL=http://gpu-a:11434
check "the start says why nobody can sign in" said "nobody can sign in to the panel from another machine: ADMIN_PASSWORD is not set"
check "and what to set" said "Set ADMIN_PASSWORD and start again, or run \`ollama2openai user passwd admin\`"
check "signing in" is "$(status "$ELSEWHERE/admin/login" -d '{"password":"admin123"}')" 403
check "the page of signing in is told" is "$(status "$ELSEWHERE/admin/api/sign-in")" 200
check "why, and what to set" replied "set ADMIN_PASSWORD and start again"
check "clients from elsewhere" is "$(status "$ELSEWHERE/v1/models")" 401
check "the backend's name is found in /etc/hosts" is "$(status "$HERE/v1/models")" 200
check "ends in order" stop

echo "-- the compose file of the Node program" >&2
old=$(folder 0:0)
cp tests/cases/seed-data/small/*.json "$old"
chmod 644 "$old"/*
before=$(cat "$old"/*.json | sha256sum)
# Its variables, with the password that has to be another one.
OF_COMPOSE=(PORT=3000 API_TOKEN= ADMIN_PASSWORD=another-password CACHE_EMBEDDINGS=true CACHE_EMBEDDINGS_MAX_SIZE=5000
    CACHE_EMBEDDINGS_MAX_AGE=86400000 CACHE_CHAT=false CACHE_CHAT_MAX_SIZE=1000 CACHE_CHAT_MAX_AGE=3600000
    LOG_TO_FILE=true)
start "$old" --bounding-set "-all,$DATA_CAPS" -- "${OF_COMPOSE[@]}"
check "no root is left" is "$(user_of)" 65532
check "no capability to use" is "$(awk '/^CapEff:/ { print $2 }' "/proc/$gateway/status")" 0000000000000000
check "files of root are taken over" is "$(find "$old" ! -uid 65532 -printf '%p ')" ""
check "and are what they were" is "$(cat "$old"/keys.json "$old"/tokens.json | sha256sum)" "$before"
check "an old token opens an old key's backend" is "$(chat "$ELSEWHERE")" 200
check "nobody without" is "$(status "$ELSEWHERE/v1/models")" 401
check "health check" jailed_health --bounding-set "-all,$DATA_CAPS"
check "ends in order" stop
start "$old" "${NOBODY[@]}" -- "${OF_COMPOSE[@]}"
check "with --user, on what was taken over" is "$(chat "$ELSEWHERE")" 200
check "ends in order" stop

echo "-- as root, without capabilities" >&2
start "$(folder 0:0)" "${BARE_ROOT[@]}" -- ADMIN_PASSWORD=a-long-password API_TOKEN="$TOKEN" \
    OLLAMA_BASE_URL=http://ollama:11434
check "no capability is there" is "$(capabilities)" 0000000000000000
check "it goes on" is "$(chat "$ELSEWHERE")" 200
check "and says so" said RUN_AS
check "ends in order" stop
