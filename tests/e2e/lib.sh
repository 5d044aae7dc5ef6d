# What the end-to-end tests share: a scratch directory, a federation, nodes on loopback.
# A test sources this file; FEDCAT is the program. Everything it started ends with it.
set -euo pipefail
: "${FEDCAT:?the program to test}"
SCRATCH=$(mktemp -d "${TMPDIR:-/tmp}/fedcat-e2e.XXXXXX")
declare -A PID=()
export XDG_RUNTIME_DIR="$SCRATCH"
unset FEDCAT_HOME FEDCAT_PASSPHRASE_FILE NOTIFY_SOCKET

# what a test has to undo itself, once nothing runs any more
at_end() {
    :
}

finish() {
    local status=$?
    for name in "${!PID[@]}"; do
        kill -TERM "${PID[$name]}" 2>/dev/null || true
    done
    wait 2>/dev/null || true
    if [ $status -ne 0 ] && [ $status -ne 77 ]; then
        echo "--- failed with $status; last lines of the nodes' logs" >&2
        tail -n 15 "$SCRATCH"/*.log >&2 2>/dev/null || true
    fi
    at_end
    rm -rf "$SCRATCH"
    exit $status
}
trap finish EXIT

exec 7>&2 # where a failure is told, also from within a redirection
fail() {
    echo "FAILED: $*" >&7
    exit 1
}

# fc NODE COMMAND...: a command on that node's home
fc() {
    local node=$1
    shift
    "$FEDCAT" "$@" --home "$SCRATCH/$node"
}

# expect STATUS COMMAND...: the command ends with that status
expect() {
    local wanted=$1 got=0
    shift
    "$@" || got=$?
    [ "$got" = "$wanted" ] || fail "status $got instead of $wanted: $*"
}

# refused STATUS WORDS COMMAND...: it ends with that status and says why in one line with those
# words; its output is in $SCRATCH/out
refused() {
    local status=$1 words=$2
    shift 2
    expect "$status" "$@" >"$SCRATCH/out" 2>"$SCRATCH/err"
    [ "$(wc -l <"$SCRATCH/err")" = 1 ] || fail "not one line: $* said $(cat "$SCRATCH/err")"
    grep -q -- "$words" "$SCRATCH/err" || fail "no word of \"$words\": $(cat "$SCRATCH/err")"
}

# eventually SECONDS COMMAND...: it succeeds within that time
eventually() {
    local until=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $until ] || fail "did not come true in time: $*"
        sleep 0.1
    done
}

# field NAME: a text or number of the one JSON object on standard input
field() {
    sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p" | head -n 1
}

digest() {
    fc "$1" digest --json | field digest
}

same_digest() {
    local first
    first=$(digest "$1")
    shift
    for node in "$@"; do
        [ "$(digest "$node")" = "$first" ] || return 1
    done
}

start() {
    local node=$1
    "$FEDCAT" run --home "$SCRATCH/$node" 2>>"$SCRATCH/$node.log" &
    PID[$node]=$!
    eventually 10 fc "$node" peers
    # The port it was given stays its own: others look for it there after a restart.
    local bound
    bound=$(sed -n 's/.*takes connections at //p' "$SCRATCH/$node.log" | tail -n 1)
    [ -z "$bound" ] || sed -i "s|tcp://127.0.0.1:\*|$bound|" "$SCRATCH/$node/fedcat.yaml"
}

stop() {
    kill -TERM "${PID[$1]}"
    wait "${PID[$1]}" || fail "node $1 did not stop cleanly"
    unset "PID[$1]"
}

kill_hard() {
    kill -KILL "${PID[$1]}"
    wait "${PID[$1]}" 2>/dev/null || true
    unset "PID[$1]"
}

# found NODE...: a charter of three governors, signed by all; nodes of one operator each, admitted
found() {
    local name
    exec 8>&2 2>>"$SCRATCH/found.log"
    for name in alice:FR bruno:IT carla:DE; do
        "$FEDCAT" key new governor --out "$SCRATCH/${name%%:*}.key" >/dev/null
    done
    "$FEDCAT" federation new --name "Test Federation" --heartbeat 1h \
        --governor "Alice,FR,$SCRATCH/alice.key" --governor "Bruno,IT,$SCRATCH/bruno.key" \
        --governor "Carla,DE,$SCRATCH/carla.key" --key "$SCRATCH/alice.key" \
        --out "$SCRATCH/charter.fcr" --home "$SCRATCH" >/dev/null
    for name in bruno carla; do
        "$FEDCAT" charter sign "$SCRATCH/charter.fcr" --key "$SCRATCH/$name.key" \
            --home "$SCRATCH" >/dev/null
    done
    local bootstrap="$SCRATCH/charter.fcr"
    for name in "$@"; do
        fc "$name" init --listen "tcp://127.0.0.1:*" >/dev/null
        fc "$name" join "$bootstrap" >/dev/null
        admit "$name"
        if [ "$bootstrap" = "$SCRATCH/charter.fcr" ]; then
            first=$name
            start "$name"
            eventually 10 has_endpoint "$name"
            bootstrap="$SCRATCH/bootstrap.json"
            fc "$name" bootstrap --out "$bootstrap"
        else
            fc "$first" submit "$SCRATCH/$name.cert" >/dev/null
        fi
    done
    exec 2>&8
}

has_endpoint() {
    fc "$1" bootstrap | grep -q '"endpoint"'
}

# admit NODE: its operator applies, two governors sign, the node takes the certificate in
admit() {
    local node=$1
    fc "$node" apply --name "Operator of $node" --country DE --url "https://$node.example" \
        --federation "$SCRATCH/charter.fcr" --out "$SCRATCH/$node.app" >/dev/null
    "$FEDCAT" admit "$SCRATCH/$node.app" --records "$SCRATCH/charter.fcr" \
        --key "$SCRATCH/alice.key" --key "$SCRATCH/bruno.key" --out "$SCRATCH/$node.cert" \
        --home "$SCRATCH" >/dev/null
    fc "$node" submit "$SCRATCH/$node.cert" >/dev/null
}

# offer DIRECTORY NAME [TEXT]: a document
offer() {
    mkdir -p "$1"
    cat >"$1/$2.json" <<END
{"@context": ["https://www.w3.org/ns/credentials/v2"],
 "id": "https://offers.example/$2", "type": ["VerifiableCredential"],
 "issuer": "did:web:offers.example",
 "credentialSubject": {"id": "https://offers.example/$2#subject", "type": "gx:ServiceOffering",
  "gx:name": "Offer $2", "gx:description": "${3:-compute in a nearby region}"}}
END
}
