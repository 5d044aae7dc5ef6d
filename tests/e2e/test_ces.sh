#!/bin/bash
# Credentials events: a node's arrivals as a feed, v1 and v2; what another node makes of it.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/../interop/lib.sh"

found a
# a second federation, so that nothing comes by gossip
mkdir "$SCRATCH/elsewhere"
(
    SCRATCH="$SCRATCH/elsewhere"
    trap - EXIT
    found b
    echo "${PID[b]}" >"$SCRATCH/pid"
)
ln -s elsewhere/b "$SCRATCH/b"
ln -s elsewhere/b.log "$SCRATCH/b.log"
PID[b]=$(cat "$SCRATCH/elsewhere/pid")

for i in $(seq 1 50); do offer "$SCRATCH/in" "$i"; done
fc a publish "$SCRATCH/in" >/dev/null
cp "$(dirname "$0")/../../node/samples/de/donau-mobil/fahrplan.jsonld" "$SCRATCH/dataset.jsonld"
fc a publish "$SCRATCH/dataset.jsonld" >/dev/null
A=$(url a)

# CloudEvents, in the order of arrival, page by page and from any of them on
ids() { jq -r '.[].id'; }
last="" count=0
while :; do
    curl -sf "$A/v2/credentials-events?size=20&lastReceivedID=$last" >"$SCRATCH/page"
    jq -e 'all(.[]; .specversion == "1.0" and .type and .source and .subject and .id and .time and
        .cesreceiveddate and .datacontenttype and .data_base64)' "$SCRATCH/page" >/dev/null ||
        fail "$(cat "$SCRATCH/page")"
    [ "$(jq length "$SCRATCH/page")" -gt 0 ] || break
    count=$((count + $(jq length "$SCRATCH/page")))
    ids <"$SCRATCH/page" >>"$SCRATCH/ids"
    last=$(ids <"$SCRATCH/page" | tail -n 1)
done
[ $count = 51 ] && [ "$(sort -u "$SCRATCH/ids" | wc -l)" = 51 ] || fail "$count events"
curl -sf "$A/credentials-events?size=100" | ids | cmp - "$SCRATCH/ids" || fail "v1 has another order"
curl -sf "$A/credentials-events?size=7&page=3" | ids | cmp - <(sed -n 22,28p "$SCRATCH/ids")
[ "$(curl -sf "$A/credentials-events?type=eu.fedcat.dataset" | jq length)" = 1 ]
[ "$(curl -sf "$A/credentials-events?type=eu.gaia-x.credential&size=100" | jq length)" = 50 ]
one=$(head -n 1 "$SCRATCH/ids")
curl -sf "$A/v2/credentials-events/$one" | jq -r .data_base64 | base64 -d >"$SCRATCH/bytes"
fc a get "$(curl -sf "$A/credentials-events/$one" | jq -r .subject)" | cmp - "$SCRATCH/bytes"
# v1 says of it what clearing houses do; the hash is of its canonical form
canonical=$(python3 -c 'import hashlib, json, sys
text = json.dumps(json.load(sys.stdin), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
print(hashlib.sha256(text.encode()).hexdigest())' <"$SCRATCH/bytes")
curl -sf "$A/credentials-events/$one" >"$SCRATCH/event"
jq -e --arg integrity "sha256-$canonical" --slurpfile held "$SCRATCH/bytes" '
    .data.credentialSubject[0] | .type == "gx:compliance" and .id == $held[0].id and
    ."gx:integrity" == $integrity and ."gx:integrityNormalization" == "RFC8785:JCS" and
    ."gx:type" == $held[0].credentialSubject.type' \
    "$SCRATCH/event" >/dev/null || fail "v1: $(cat "$SCRATCH/event")"
status() { curl -s -o "$SCRATCH/body" -w '%{http_code}' "$@"; }
[ "$(status "$A/credentials-events/nothing")" = 404 ]
[ "$(status "$A/credentials-events?lastReceivedID=nothing")" = 400 ]
[ "$(status "$A/credentials-events?size=0")" = 400 ]
[ "$(status "$A/credentials-events?size=101")" = 400 ]
[ "$(status "$A/credentials-events?page=100001")" = 400 ]

# publishing through it: 201, 409, 400, 401
T=$(token a writer)
event() { jq -nc --arg data "$(base64 -w0 "$1")" '{specversion:"1.0",type:"eu.gaia-x.credential",source:"x",id:"1",data_base64:$data}'; }
offer "$SCRATCH/new" 51
event "$SCRATCH/new/51.json" >"$SCRATCH/event"
[ "$(status "$A/v2/credentials-events" --data-binary "@$SCRATCH/event")" = 401 ]
[ "$(status -D "$SCRATCH/headers" -H "Authorization: Bearer $T" "$A/v2/credentials-events" --data-binary "@$SCRATCH/event")" = 201 ] || fail "$(cat "$SCRATCH/body")"
location=$(sed -n 's/^[Ll]ocation: \(.*\)\r$/\1/p' "$SCRATCH/headers")
[ "$(curl -sf "$A$location" | jq -r .subject)" = https://offers.example/51 ] || fail "location $location"
[ "$(status -H "Authorization: Bearer $T" "$A/v2/credentials-events" --data-binary "@$SCRATCH/event")" = 409 ]
for bad in '{' '{}' '{"specversion":"1.0","type":"t","source":"s"}' \
    '{"specversion":"1.0","type":"t","source":"s","data_base64":"!"}' \
    '{"specversion":"1.0","type":"t","source":"s","data":{"a":1}}' \
    '{"specversion":"1.0","type":"t","source":"s","data":{"credentialSubject":[{"id":"urn:x","gx:integrity":"sha256-0"}]}}'; do
    [ "$(status -H "Authorization: Bearer $T" "$A/credentials-events" -d "$bad")" = 400 ] || fail "$bad: $(cat "$SCRATCH/body")"
done

# another node follows: everything once, with the very bytes; then only what is new
follow() { fc b follow "$A" --once --json; }
is() { # FIELD NUMBER
    [ "$(jq ".$1" "$SCRATCH/followed")" = "$2" ] || fail "$1: $(cat "$SCRATCH/followed")"
}
follow >"$SCRATCH/followed"
is events 52 && is published 52 && is failed 0
for i in 1 25 51; do
    fc b get "https://offers.example/$i" | cmp - <(fc a get "https://offers.example/$i")
done
follow >"$SCRATCH/followed"
is events 0 && is published 0
offer "$SCRATCH/in" 7 "changed once"
fc a publish "$SCRATCH/in" >/dev/null
offer "$SCRATCH/in" 60
fc a publish "$SCRATCH/in" >/dev/null
follow >"$SCRATCH/followed"
is events 2 && is published 2
fc b get https://offers.example/7 | grep -q "changed once"
# what it kept is gone: everything comes again, and changes nothing
version() { fc b list --json | sha256sum; }
before=$(version)
rm -r "$SCRATCH/b/follow"
follow >"$SCRATCH/followed"
is events 53 && is published 0 && is unchanged 53
[ "$(version)" = "$before" ] || fail "the feed changed"
# a service that was restored does not know the last event: from its first, with a word
sed -i 's/"lastReceivedID":"[^"]*"/"lastReceivedID":"gone"/' "$SCRATCH"/b/follow/*.json
follow >"$SCRATCH/followed" 2>"$SCRATCH/err"
is published 0
grep -q "does not know the last event" "$SCRATCH/err" || fail "$(cat "$SCRATCH/err")"

# v1 holds pointers: skipped with a line each (test_ces_pointers.sh fetches them)
expect 3 fc b follow "$A/credentials-events" --once --json >"$SCRATCH/followed" 2>"$SCRATCH/err"
is skipped 53 && is published 0
grep -q "^fedcat follow: event .*: points at a credential" "$SCRATCH/err" || fail "$(head -n 3 "$SCRATCH/err")"

# what is none, and what is not there
expect 2 fc b follow ftp://x.example/ --once 2>"$SCRATCH/err"
expect 1 fc b follow http://127.0.0.1:9/ --once >/dev/null 2>"$SCRATCH/err"
grep -q "http://127.0.0.1:9/: " "$SCRATCH/err"
