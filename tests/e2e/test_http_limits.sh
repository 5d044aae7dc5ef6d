#!/bin/bash
# What the HTTP server does at its ends: TLS, connections, bodies, rate, time, governors' takedowns,
# applications that wait, and a stop while others are being answered.
. "$(dirname "$0")/lib.sh"
for program in curl openssl python3; do
    command -v $program >/dev/null || { echo "$program is not installed"; exit 77; }
done

# configure LINE...: what the section http has, whatever it had before
configure() {
    sed -i '/^http:/,$d' "$SCRATCH/solo/fedcat.yaml"
    printf 'http:\n' >>"$SCRATCH/solo/fedcat.yaml"
    printf '  %s\n' "listen: '127.0.0.1:0'" "$@" >>"$SCRATCH/solo/fedcat.yaml"
}
run_with() { # LINE...: the node, with that section; its address in $url
    [ -z "${PID[solo]:-}" ] || stop solo
    configure "$@"
    start solo
    url=$(sed -n 's/.*answers at //p' "$SCRATCH/solo.log" | tail -n 1)
}
# status WANTED CURL-ARGUMENTS...: the answer's status; its body is in $SCRATCH/body
status() {
    local wanted=$1 got
    shift
    : >"$SCRATCH/body"
    got=$(curl -s -o "$SCRATCH/body" -D "$SCRATCH/head" -w '%{http_code}' "$@") || true
    [ "$got" = "$wanted" ] || fail "$got instead of $wanted: $* said $(head -c 300 "$SCRATCH/body")"
}
has() { # FILE WORDS
    grep -qi -- "$2" "$SCRATCH/$1" || fail "no word of $2: $(head -c 400 "$SCRATCH/$1")"
}
filled() { head -c "$1" /dev/zero | tr '\0' x; }

# hold NUMBER SECONDS [BYTES]: that many connections for that long, each with those first bytes sent;
# in $SCRATCH/held, how many there are and then how many the other side closed
hold() {
    python3 - "${url##*/}" "$@" >"$SCRATCH/held" <<'END'
import select, socket, sys, time
address, number, seconds = sys.argv[1:4]
first = sys.argv[4].encode().decode("unicode_escape").encode() if len(sys.argv) > 4 else b""
host, port = address.split(":")
held = [socket.create_connection((host, int(port))) for _ in range(int(number))]
for one in held:
    one.sendall(first)
print(len(held), flush=True)
until, closed, answers = time.time() + float(seconds), set(), b""
while time.time() < until and len(closed) < len(held):
    ready, _, _ = select.select([h for h in held if h not in closed], [], [], 0.1)
    for one in ready:
        try:
            got = one.recv(65536)
        except OSError:
            got = b""
        answers += got
        if not got:
            closed.add(one)
print(len(closed), answers.decode(errors="replace").split("\r\n")[0], flush=True)
END
}

found solo
offer "$SCRATCH/docs" one
offer "$SCRATCH/docs" two
fc solo publish "$SCRATCH/docs" >/dev/null

# -- TLS: a certificate and key of ours
certificate() { # NAME
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
        -subj "/CN=$1" -addext subjectAltName=IP:127.0.0.1 \
        -keyout "$SCRATCH/$1.key" -out "$SCRATCH/$1.pem" 2>/dev/null
}
certificate node
certificate other
tls() { # CERTIFICATE KEY
    printf 'tls_certificate: %s\n' "$SCRATCH/$1"
    printf 'tls_key: %s\n' "$SCRATCH/$2"
}
mapfile -t good < <(tls node.pem node.key)
run_with "${good[@]}"
[[ $url = https://127.0.0.1:* ]] || fail "it answers at $url"
status 200 --cacert "$SCRATCH/node.pem" "$url/v1/entries?key=https://offers.example/one"
cmp "$SCRATCH/body" "$SCRATCH/docs/one.json" || fail "not the bytes that were published"
status 303 --cacert "$SCRATCH/node.pem" "$url/dcat/catalog"
has head "^location: $url/dcat/catalog.ttl"
expect 60 curl -s "$url/healthz"
expect 60 curl -s --cacert "$SCRATCH/other.pem" "$url/healthz"
status 000 "http://${url#https://}/healthz"
eventually 5 grep -q "a client asks for http: at $url, which speaks https only" "$SCRATCH/solo.log"
status 000 "http://${url#https://}/healthz" # and is not told of again at once
[ "$(grep -c "a client asks for http:" "$SCRATCH/solo.log")" = 1 ] || fail "the log is filled with it"
status 200 --cacert "$SCRATCH/node.pem" "$url/healthz"
for version in 1.2 1.3; do
    status 200 --cacert "$SCRATCH/node.pem" "--tlsv$version" --tls-max $version "$url/healthz"
done
for version in 1.0 1.1; do
    expect 35 curl -s --cacert "$SCRATCH/node.pem" "--tlsv$version" --tls-max $version \
        --ciphers DEFAULT:@SECLEVEL=0 "$url/healthz"
done

! grep -q "speaks no TLS" "$SCRATCH/solo.log" || fail "it is warned of a port that speaks TLS"
stop solo
echo "no key" >"$SCRATCH/empty"
for pair in "node.pem other.key" "node.pem empty" "empty node.key" "node.key node.key"; do
    mapfile -t bad < <(tls ${pair% *} ${pair#* })
    configure "${bad[@]}"
    refused 2 "are no certificate and its private key in PEM: $SCRATCH/${pair% *}, $SCRATCH/${pair#* }$" \
        timeout 20 "$FEDCAT" run --home "$SCRATCH/solo"
done
mapfile -t bad < <(tls node.pem nowhere)
configure "${bad[@]}"
refused 4 "http: $SCRATCH/nowhere: not found$" timeout 20 "$FEDCAT" run --home "$SCRATCH/solo"

# a port that others reach wants TLS
sed -i '/^http:/,$d' "$SCRATCH/solo/fedcat.yaml"
printf 'http:\n  listen: 0.0.0.0:0\n' >>"$SCRATCH/solo/fedcat.yaml"
start solo
eventually 5 grep -q "warning.*http://0.0.0.0:[0-9]* speaks no TLS to whoever reaches it" "$SCRATCH/solo.log"

# -- connections: those beyond the limit wait; idle ones make room in time
run_with 'threads: 1' 'connections_max: 6' 'request_seconds: 1'
hold 6 30 &
eventually 20 grep -q '^6$' "$SCRATCH/held"
expect 28 curl -s --max-time 0.6 "$url/healthz"
eventually 10 curl -sf --max-time 2 "$url/healthz"
wait $! || fail "the idle ones failed"
has held "^6 *$"

run_with 'connections_per_address_max: 3'
hold 4 3
has held "^1 *$" # the fourth is closed at once
status 200 "$url/healthz"

# -- time: a head, and a body, that do not come to their end
run_with 'request_seconds: 1'
hold 2 10 'GET /v1 HTTP/1.1\r\nHost: x\r\n'
has held "^2 HTTP/1.1 408 Request Timeout"
hold 2 10 'POST /v1/applications HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx'
has held "^2 HTTP/1.1 408 Request Timeout"

# -- framing: what another program on the way may read in another way is refused, and what stands
# behind it in the connection is not answered
run_with "rate_per_second: 100000"
# raw STATUS BYTES...: each on a connection of its own, with a request behind it: that answer, and
# no other, and an end
raw() {
    python3 - "${url##*/}" "$@" <<'END' || fail "a request that may be read in two ways"
import re, socket, sys
address, status = sys.argv[1:3]
host, port = address.split(":")
hidden = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
for text in sys.argv[3:]:
    one = socket.create_connection((host, int(port)))
    one.settimeout(10)
    one.sendall(text.encode().decode("unicode_escape").encode("latin-1") + hidden)
    got = b""
    try:
        while more := one.recv(65536):
            got += more
    except ConnectionResetError:
        pass
    answers = len(re.findall(rb"HTTP/1\.1 \d", got))
    if not got.startswith(b"HTTP/1.1 %s " % status.encode()) or answers != 1:
        sys.exit(f"{answers} answers to {text}: {got!r}")
    if b'"code":"' not in got:
        sys.exit(f"no problem: {got!r}")
END
}
post='POST /v1/records HTTP/1.1\r\nHost: x\r\n'
raw 400 "${post}Content-Length: 0\r\nContent-Length: 39\r\n\r\n" \
    "${post}Content-Length: 39\r\nContent-Length: 39\r\n\r\n" \
    "${post}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" \
    "${post}Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n" \
    "${post}Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n" \
    'POST /v1/records HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n' \
    "${post}Content-Length : 39\r\n\r\n" "${post} Content-Length: 39\r\n\r\n" \
    "${post}A: b\r\n c\r\n\r\n" "${post}A: b\rContent-Length: 39\r\n\r\n" \
    'GET /healthz HTTP/1.1\r\n\r\n' 'GET /healthz HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n' \
    'GET /healthz HTTP/1.1\nHost: x\r\n\r\n' 'GET /healthz HTTP/1.1\r\nHost: x\n\r\n' \
    'GET /healthz HTTP/1.1\r\nHost: x\r\nA: b\n\n' 'GET /healthz HTTP/1.1\r\nHost: x\r\n\n' \
    'GET /healthz\0/zzz HTTP/1.1\r\nHost: x\r\n\r\n' \
    'GET /healthz HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n' \
    'GET  /healthz HTTP/1.1\r\nHost: x\r\n\r\n' 'GET /healthz a HTTP/1.1\r\nHost: x\r\n\r\n'
raw 501 "${post}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" \
    "${post}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"
# a body in chunks is taken, and is the last thing on its connection
raw 400 'POST /v1/applications HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3;a\nabc\r\n0\r\n\r\n'
# a head in small pieces, and one in a target that names the host, are as good as any
python3 - "${url##*/}" <<'END' || fail "heads that are right"
import socket, sys
host, port = sys.argv[1].split(":")
def ask(text, step):
    one = socket.create_connection((host, int(port)))
    one.settimeout(10)
    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for at in range(0, len(text), step):
        one.sendall(text[at:at + step])
    return one.recv(65536)
fields = b"".join(b"X-%d:\t%s \r\n" % (i, b"y" * 90) for i in range(140))
for step in 13, 4096, 1 << 20:
    assert b" 200 OK" in ask(b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + fields + b"\r\n", step)
got = ask(b"GET HTTP://n.example:99/dcat/catalog?a HTTP/1.1\r\nHost: x\r\n\r\n", 1 << 20)
assert b" 303 " in got and b"Location: http://n.example:99/dcat/catalog.ttl" in got, got
assert b" 200 OK" in ask(b"GET http://x HTTP/1.1\r\nHost: x\r\n\r\n", 1 << 20)
assert b" 404 " in ask(b"GET http:///v1 HTTP/1.1\r\nHost: x\r\n\r\n", 1 << 20)
END

# -- bodies: at their edge a document is read, and found to be none; a byte more is too much
run_with "rate_per_second: 100000"
P=$(curl -s "$url/v1/participants" | field participant)
token=$(fc solo token new test --participant "Operator of solo" 2>/dev/null)
entries="$url/v1/participants/$P/entries"
edge() { # BYTES STATUS-WITHIN URL...
    local bytes=$1 within=$2
    shift 2
    for chunked in "Expect:" "Transfer-Encoding: chunked"; do
        status "$within" -H "$chunked" --data-binary @<(filled "$bytes") "$@"
        status 413 -H "$chunked" --data-binary @<(filled $((bytes + 1))) "$@"
        has body "at most $bytes bytes"
    done
}
edge 1048576 400 -H "Authorization: Bearer $token" "$entries"
edge 16384 400 "$url/v1/applications"
edge 8384512 400 "$url/v1/deltas"
edge 2097152 400 -H "Authorization: Bearer $token" "$url/v2/credentials-events"
edge 262144 400 -H "Content-Type: application/json" "$url/dsp/2025-1/catalog/request"
edge 65536 415 "$url/xfsc/query"
# the largest document there may be
printf '{"id":"urn:large","text":"%s"}' "$(filled $((1048576 - 29)))" >"$SCRATCH/large"
status 200 -H "Authorization: Bearer $token" --data-binary "@$SCRATCH/large" "$entries"
curl -s "$url/v1/entries?key=urn:large" | cmp - "$SCRATCH/large" || fail "not the large one"

# -- rate: twice as many at once, then as many as come in
run_with 'rate_per_second: 20'
for _ in $(seq 60); do echo "url = $url/healthz"; done >"$SCRATCH/many"
curl -s -D "$SCRATCH/head" -w '%{http_code}\n' -K "$SCRATCH/many" >"$SCRATCH/body"
ok=$(grep -c '^200$' "$SCRATCH/body")
[ "$ok" -ge 40 ] && [ "$ok" -lt 60 ] || fail "of 60 at 20 a second, $ok were answered"
has head "^retry-after: 1"
has body '"code":"RATE"'
sleep 1
status 200 "$url/metrics"
grep -q '^fedcat_http_throttled_requests_total [1-9]' "$SCRATCH/body" || fail "$(grep throttled "$SCRATCH/body")"

# -- 451: by the federation's governors, and the record that says so
run_with "rate_per_second: 100000"
fc solo takedown "Operator of solo" https://offers.example/two --reason "a court of law" \
    --key "$SCRATCH/alice.key" --key "$SCRATCH/bruno.key" --out "$SCRATCH/takedown" >"$SCRATCH/said" 2>&1
fc solo submit "$SCRATCH/takedown" >>"$SCRATCH/said" 2>&1 || fail "$(cat "$SCRATCH/said")"
status 451 "$url/v1/entries?key=https://offers.example/two"
has body "the federation's governors: a court of law"
record=$(sed -n 's/^link: .*<\(.*\)>; rel="describedby".*/\1/Ip' "$SCRATCH/head" | grep records)
curl -sf -H "Accept: application/json" "$url$record" | grep -q '"type":"takedown"' ||
    fail "no takedown at $record: $(cat "$SCRATCH/head")"

# -- applications: an address has its share of them, and no more wait than may
fc late init --listen "tcp://127.0.0.1:*" >/dev/null 2>&1
apply() { # NAME
    fc late apply --name "$1" --country DE --url https://late.example \
        --federation "$SCRATCH/charter.fcr" --out "$SCRATCH/$1.app" >/dev/null 2>&1
}
hand_in() { # STATUS FROM NAME
    status "$1" -H "X-Forwarded-For: 203.0.113.9" -H "X-Forwarded-For: 198.51.100.1, $2" \
        --data-binary "@$SCRATCH/$3.app" "$url/v1/applications"
}
for i in $(seq 17); do apply "late$i"; done
for i in $(seq 16); do hand_in 202 192.0.2.7 "late$i"; done
hand_in 202 192.0.2.7 late1 # it waits already, and costs nothing
hand_in 429 192.0.2.7 late17
has body '"code":"SHARE".*16 of these at once'
has head "^retry-after: 3600"
hand_in 202 192.0.2.8 late17
apply late
for i in $(seq 239); do
    cp "$SCRATCH/late.app" "$SCRATCH/solo/applications/$(printf %064x "$i").fcr"
done
status 503 --data-binary "@$SCRATCH/late.app" "$url/v1/applications"
has body "256 applications wait"
has head "^retry-after: 86400"
oldest="$SCRATCH/solo/applications/$(printf %064x 9).fcr"
touch -d '25 hours ago' "$oldest" # the oldest makes room after a day
status 202 --data-binary "@$SCRATCH/late.app" "$url/v1/applications"
has body '"known":false'
[ ! -e "$oldest" ] || fail "the oldest did not make room"
status 202 --data-binary "@$SCRATCH/late.app" "$url/v1/applications" # it waits already
has body '"known":true'
touch -d '8 days ago' "$SCRATCH/solo/applications/$(printf %064x 3).fcr"
fc solo applications drop --older-than 7d >"$SCRATCH/said" 2>&1
has said "^fedcat applications: 1 dropped\|^1 dropped"
fc solo applications drop "$(printf %064x 1)" "$(printf %064x 2)" >"$SCRATCH/said" 2>&1
has said "2 dropped"
refused 4 "ffff: no application of this id" fc solo applications drop "$(printf %064x 4)" ffff
[ -e "$SCRATCH/solo/applications/$(printf %064x 4).fcr" ] || fail "it was dropped with one that is none"
expect 2 fc solo applications drop 2>/dev/null
expect 2 fc solo applications drop --all 00 2>/dev/null
expect 2 fc solo applications --all 2>/dev/null
fc solo applications drop --all >"$SCRATCH/said" 2>&1
has said "253 dropped"
[ -z "$(fc solo applications)" ] || fail "some are left"

# -- a stop: streams end, those who wait are told, what is half sent is cut off, and all at once
curl -sN -H "Accept: text/event-stream" "$url/v1/changes?after=now" >"$SCRATCH/stream" &
streamer=$!
curl -s -w ' %{http_code}' "$url/v1/changes?after=now&wait=60" >"$SCRATCH/waited" &
waiter=$!
hold 1 30 'POST /v1/applications HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx' &
holder=$!
eventually 20 grep -q '^1$' "$SCRATCH/held"
waits() { curl -s "$url/metrics" | grep -q "^fedcat_http_waiting_requests $1$"; }
eventually 20 waits 2
started=$(date +%s%3N)
stop solo
took=$(($(date +%s%3N) - started))
[ $took -lt 8000 ] || fail "the stop took $took ms"
wait $streamer || fail "the stream was cut off"
wait $waiter || fail "the one that waited was cut off"
has waited '"changes":\[\].* 200$'
wait $holder || fail "the one that was half sent"
has held "^1 *$"
