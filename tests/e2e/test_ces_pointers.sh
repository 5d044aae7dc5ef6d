#!/bin/bash
# Following events of v1: what they point at is fetched, checked and published, or told; what cannot
# be had for now is not lost.
. "$(dirname "$0")/lib.sh"
for program in python3 jq; do
    command -v "$program" >/dev/null || exit 77
done

found b
S="$SCRATCH/service"
mkdir -p "$S/docs"
python3 "$(dirname "$0")/serve_events.py" "$S" >"$SCRATCH/port" 2>"$SCRATCH/service.log" &
PID[service]=$!
eventually 60 test -s "$SCRATCH/port"
U="http://127.0.0.1:$(cat "$SCRATCH/port")"

# document NAME: one that is laid out for people, so that its bytes are not its canonical form
document() {
    jq -n --arg id "$U/docs/$1" --arg name "Offer $1" --indent 3 '{
        "@context": ["https://www.w3.org/2018/credentials/v1"], type: ["VerifiableCredential"],
        id: $id, issuer: "did:web:y.example", issuanceDate: "2026-01-01T00:00:00Z",
        credentialSubject: {id: ($id + "#s"), type: "gx:ServiceOffering", "gx:name": $name,
                            "gx:weight": 1.50}}' >"$S/docs/$1"
}
# sha256 NAME, canonical NAME: hashes of its bytes, and of its canonical form, in digits
sha256() {
    sha256sum <"$S/docs/$1" | cut -d' ' -f1
}
canonical() {
    python3 -c 'import hashlib, json, sys
text = json.dumps(json.load(sys.stdin), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
print(hashlib.sha256(text.encode()).hexdigest())' <"$S/docs/$1"
}
# pointer NAME INTEGRITY [NORMALIZATION]
pointer() {
    jq -nc --arg id "$U/docs/$1" --arg integrity "$2" --arg form "${3:-}" '{
        type: "gx:compliance", id: $id, "gx:integrity": $integrity, "gx:version": "22.10",
        "gx:type": "gx:ServiceOffering"}
        + if $form == "" then {} else {"gx:integrityNormalization": $form} end'
}
good() {
    pointer "$1" "sha256-$(canonical "$1")" RFC8785:JCS
}
# event ID POINTER...: one more
event() {
    local id=$1
    shift
    [ -e "$S/events.json" ] || echo '[]' >"$S/events.json"
    printf '%s\n' "$@" | jq -s --arg id "$id" --slurpfile before "$S/events.json" '$before[0] + [{
        specversion: "1.0", type: "eu.gaia-x.credential", source: "/x", subject: "s", id: $id,
        time: "2023-09-19T20:03:03Z", datacontenttype: "application/json",
        data: {type: ["VerifiableCredential"], issuer: "did:web:c.example", credentialSubject: .}}]' \
        >"$S/events.new"
    mv "$S/events.new" "$S/events.json"
}
follow() { # STATUS OPTION...
    local status=$1
    shift
    expect "$status" fc b follow "$U/credentials-events" --once --json --pointers "$@" \
        >"$SCRATCH/followed" 2>"$SCRATCH/err"
}
is() { # FIELD NUMBER
    [ "$(jq ".$1" "$SCRATCH/followed")" = "$2" ] ||
        fail "$1: $(cat "$SCRATCH/followed" "$SCRATCH/err")"
}
told() {
    grep -q -- "$1" "$SCRATCH/err" || fail "no word of \"$1\": $(cat "$SCRATCH/err")"
}
held() {
    fc b get "$U/docs/$1" | cmp - "$S/docs/$1"
}

# every subject of an event, by the hash of its canonical form; the very bytes are published
for i in 1 2 3 4; do document $i; done
event e1 "$(good 1)" "$(good 2)" "$(good 3)" "$(good 4)"
# addresses of this machine are not asked unless that is wished
follow 3
is events 1 && is published 0 && is skipped 4
[ "$(grep -c 'private network, which takes --any-address' "$SCRATCH/err")" = 4 ] || fail "$(cat "$SCRATCH/err")"
[ ! -e "$S/asked" ] || fail "it was asked: $(cat "$S/asked")"
rm -r "$SCRATCH/b/follow"
follow 0 --any-address
is events 1 && is published 4 && is skipped 0
for i in 1 2 3 4; do held $i; done
follow 0 --any-address
is events 0

# nor by a name, nor as IPv6
document name
port=${U##*:}
for place in "localhost:$port" "[::1]:$port" "[::ffff:127.0.0.1]:$port" "0.0.0.0:$port" "127.1:$port"; do
    event "e-$place" "$(good name | jq -c --arg id "http://$place/docs/name" '.id = $id')"
done
follow 3
is events 5 && is published 0 && is skipped 5
[ "$(grep -c 'takes --any-address' "$SCRATCH/err")" = 5 ] || fail "$(cat "$SCRATCH/err")"

# what cannot be checked is told and not published, and the rest of its event is
for name in raw moved nonsense other empty changed form gone large; do document $name; done
event e2 "$(pointer raw "sha256-$(sha256 raw)")" \
    "$(pointer nonsense sha384-nonsense RFC8785:JCS)" \
    "$(pointer other "sha256-$(canonical other)" URDNA2015)" \
    "$(pointer empty "" RFC8785:JCS)" \
    "$(pointer changed "sha256-$(canonical form)" RFC8785:JCS)" \
    "$(pointer form "sha256-$(canonical form)")" \
    "$(good gone)" "$(good moved)" "$(good large)" \
    '{"id":"ftp://x.example/1","gx:integrity":"sha256-0000000000000000000000000000000000000000000000000000000000000000"}' \
    '{"id":"https://x.example/1","type":"gx:compliance"}'
rm "$S/docs/gone"
mv "$S/docs/moved" "$S/docs/there"
echo "$U/docs/there" >"$S/docs/moved.redirect"
head -c 1048577 /dev/zero | tr '\0' ' ' >"$S/docs/large"
: >"$S/asked"
follow 3 --any-address
is events 1 && is published 2 && is skipped 9
held raw
fc b get "$U/docs/moved" | cmp - "$S/docs/there"
told '/docs/nonsense: gx:integrity is not "sha256-" with 64'
told '/docs/empty: gx:integrity is not'
told '/docs/other: gx:integrityNormalization is another than RFC8785:JCS'
told '/docs/changed: what is there does not hash to gx:integrity'
told '/docs/form: what is there does not hash to gx:integrity'
told '/docs/gone: it is answered with status 404'
told '/docs/large: the answer is larger than 1048576 bytes'
told 'https://x.example/1: gx:integrity is not'
told 'ftp://x.example/1: '
# what cannot be checked is not even asked for
! grep -qE 'nonsense|other|empty' "$S/asked" || fail "$(cat "$S/asked")"

# what cannot be had for now ends the page; it comes again, whole
document late
document early
event e3 "$(good early)" "$(good late)"
for status in 503 500 429 408; do
    echo $status >"$S/docs/late.status"
    follow 1 --any-address
    is events 0 && is published 0 && is skipped 0
    told "/docs/late cannot be had for now: it is answered with status $status"
    expect 4 fc b get "$U/docs/late" 2>/dev/null >&2
done
jq -e '.waitingSince > 0 and .lastReceivedID == "e2"' "$SCRATCH"/b/follow/*.json >/dev/null ||
    fail "$(cat "$SCRATCH"/b/follow/*.json)"
rm "$S/docs/late.status"
follow 0 --any-address
is events 1 && is published 2
held early
held late
jq -e '.waitingSince == null and .lastReceivedID == "e3"' "$SCRATCH"/b/follow/*.json >/dev/null
# so does a place where nobody answers
document last
event e4 "$(pointer dead "sha256-$(canonical last)" RFC8785:JCS | jq -c '.id = "http://127.0.0.1:9/dead"')" \
    "$(good last)"
follow 1 --any-address
is events 0
told 'http://127.0.0.1:9/dead cannot be had for now: '
# but not for ever
follow 3 --any-address --patience 0s
is events 1 && is published 1 && is skipped 1
told 'http://127.0.0.1:9/dead: .*; given up, as this page waited for long enough'
held last
event e5 "$(pointer dead "sha256-$(canonical last)" RFC8785:JCS | jq -c '.id = "http://127.0.0.1:9/dead"')"
follow 1 --any-address
jq -c '.waitingSince = 1' "$SCRATCH"/b/follow/*.json >"$SCRATCH/state"
cat "$SCRATCH/state" >"$(echo "$SCRATCH"/b/follow/*.json)"
follow 3 --any-address
is events 1 && is skipped 1
follow 0 --any-address
is events 0

expect 2 fc b follow "$U" --once --patience soon 2>"$SCRATCH/err"
told "is no time like 12h"
