#!/bin/bash
# The API of a running node: entries and their encodings, publishing with tokens, changes by page, by
# waiting and by stream, takedowns, limits at their edges, a graceful stop.
. "$(dirname "$0")/lib.sh"
command -v curl >/dev/null || { echo "curl is not installed"; exit 77; }

found solo
grep -q "answers at http://127.0.0.1" "$SCRATCH/solo.log" || fail "the log does not say where"
stop solo
# The one section the configuration ends with is replaced.
sed -i '/^http:/,/^  rate_per_second/d' "$SCRATCH/solo/fedcat.yaml"
cat >>"$SCRATCH/solo/fedcat.yaml" <<'END'
http:
  listen: '127.0.0.1:0'
  cors: ['https://good.example']
  request_seconds: 2
  rate_per_second: 400
END
start solo
url=$(sed -n 's/.*answers at //p' "$SCRATCH/solo.log" | tail -n 1)
for i in 1 2 3; do
    offer "$SCRATCH/docs" "o$i" "$(printf 'compute in a nearby region %.0s' $(seq 80))"
done
fc solo publish "$SCRATCH/docs" >/dev/null
P=$(curl -s "$url/v1/participants" | field participant)
token=$(fc solo token new shop --participant "Operator of solo" 2>/dev/null)

# status WANTED CURL-ARGUMENTS...: the answer's status; its body is in $SCRATCH/body
status() {
    local wanted=$1 got
    shift
    : >"$SCRATCH/body"
    got=$(curl -s -o "$SCRATCH/body" -D "$SCRATCH/head" -w '%{http_code}' "$@") || true
    [ "$got" = "$wanted" ] || fail "$got instead of $wanted: $* said $(head -c 300 "$SCRATCH/body")"
}
said() {
    grep -q -- "$1" "$SCRATCH/body" || fail "no word of $1: $(head -c 300 "$SCRATCH/body")"
}
header() {
    grep -qi -- "$1" "$SCRATCH/head" || fail "no header $1: $(cat "$SCRATCH/head")"
}

# -- entries: the very bytes, whatever the encoding
status 200 "$url/v1/entries?key=https%3A%2F%2Foffers.example%2Fo1"
cmp "$SCRATCH/body" "$SCRATCH/docs/o1.json" || fail "not the bytes that were published"
header "^fedcat-feed: version=1"
header "^fedcat-sync: no peers"
etag=$(sed -n 's/^etag: \(.*\)\r/\1/Ip' "$SCRATCH/head")
status 304 -H "If-None-Match: $etag" "$url/v1/entries?key=https://offers.example/o1"
[ ! -s "$SCRATCH/body" ] || fail "a body with 304"
status 200 -H "Accept-Encoding: gzip" "$url/v1/entries?key=https://offers.example/o1"
header "^content-encoding: gzip"
header "^etag: .*-gzip\""
gzip -dc "$SCRATCH/body" | cmp - "$SCRATCH/docs/o1.json" || fail "not the same in gzip"
status 200 -H "Accept-Encoding: zstd" "$url/v1/entries?key=https://offers.example/o1"
header "^content-encoding: zstd"
if command -v zstd >/dev/null; then
    zstd -dc "$SCRATCH/body" | cmp - "$SCRATCH/docs/o1.json" || fail "not the same in zstd"
fi
status 404 "$url/v1/entries?key=https://offers.example/none"
status 400 "$url/v1/entries?key=%zz"
status 400 "$url/v1/entries"
for query in "participants/$P/entries?limit=1001" "participants/$P/entries?limit=0" \
    "participants/$P/history?limit=0" "participants?limit=0" "nodes?limit=0" "changes?limit=0" \
    "changes?limit=1001"; do
    status 400 "$url/v1/$query"
    said 'takes a whole number from 1 to'
done
status 200 "$url/v1/changes?limit=1"
status 200 "$url/v1/search?limit=0" # counts alone
status 200 "$url/v1/participants/$P/entries?limit=2"
next=$(field next <"$SCRATCH/body")
status 200 "$url/v1/participants/$P/entries?limit=2&after=$next"
said '"next":null'
status 404 "$url/v1/participants/${P//[0-9]/0}/entries"

# a proof that stands alone
federation=$(curl -s "$url/v1/status" | field federation)
status 200 "$url/v1/participants/$P/proof?key=https://offers.example/o1"
"$FEDCAT" check-proof "$SCRATCH/body" --federation "$federation" --home "$SCRATCH" >/dev/null
status 200 "$url/v1/participants/$P/proof?key=https://offers.example/none"
"$FEDCAT" check-proof "$SCRATCH/body" --federation "$federation" --home "$SCRATCH" |
    grep -q absent || fail "absence is not proven"

# -- writing
entries="$url/v1/participants/$P/entries"
echo '{"id":"https://api.example/1","type":"x"}' >"$SCRATCH/doc"
status 401 --data-binary "@$SCRATCH/doc" "$entries"
header "^www-authenticate: bearer"
status 401 -H "Authorization: Bearer ${token}0" --data-binary "@$SCRATCH/doc" "$entries"
auth=(-H "Authorization: Bearer $token" -H "Content-Type: application/ld+json")
cursor=$(curl -s "$url/v1/changes?after=now" | field cursor)
status 200 "${auth[@]}" --data-binary "@$SCRATCH/doc" "$entries"
said '"changed":true'
key=$(field key_hash <"$SCRATCH/body")
status 200 "${auth[@]}" --data-binary "@$SCRATCH/doc" "$entries"
said '"changed":false'
status 400 "${auth[@]}" --data-binary '{"broken' "$entries"
said 'line 1'
status 400 "${auth[@]}" --data-binary '' "$entries"
said '"detail":"the document is empty"'
status 400 "${auth[@]}" --data-binary '{"a":1}' "$entries"
said '"detail":"no identifier'

# what it is under: JSON or a JWT, and as the body is
bearer=(-H "Authorization: Bearer $token")
for type in text/html text/plain application/xml image/svg+xml application/vc+jwt 'x/(y+json'; do
    status 415 "${bearer[@]}" -H "Content-Type: $type" --data-binary "@$SCRATCH/doc" "$entries"
    said '"code":"MEDIA_TYPE".*This is JSON'
done
for type in application/vc+ld+json 'application/VC+JSON; charset=utf-8' text/json \
    application/octet-stream; do
    status 200 "${bearer[@]}" -H "Content-Type: $type" --data-binary "@$SCRATCH/doc" "$entries"
done

# only as the client knows it
status 200 "$entries/$key"
etag=$(sed -n 's/^etag: \(.*\)\r/\1/Ip' "$SCRATCH/head")
echo '{"id":"https://api.example/1","type":"y"}' >"$SCRATCH/doc"
for condition in 'If-Match: "x"' "If-Match: W/$etag" 'If-None-Match: *' "If-None-Match: $etag"; do
    status 412 "${auth[@]}" -H "$condition" --data-binary "@$SCRATCH/doc" "$entries"
    said '"code":"CONDITION"'
    status 412 "${auth[@]}" -H "$condition" -X DELETE "$entries/$key"
    status 412 "${auth[@]}" -H "$condition" -X PUT -d '{"status":"ended"}' "$entries/$key/status"
done
status 200 "${auth[@]}" -H "If-Match: \"x\", $etag" --data-binary "@$SCRATCH/doc" "$entries"
said '"changed":true'
status 412 "${auth[@]}" -H "If-Match: $etag" --data-binary "@$SCRATCH/doc" "$entries"
status 200 "${auth[@]}" -H "If-Match: *" --data-binary "@$SCRATCH/doc" "$entries"
echo '{"id":"https://api.example/2","type":"y"}' >"$SCRATCH/second"
echo '{"id":"https://api.example/3","type":"y"}' >"$SCRATCH/third"
status 412 "${auth[@]}" -H "If-Match: *" --data-binary "@$SCRATCH/second" "$entries"
status 200 "${auth[@]}" -H "If-None-Match: *" --data-binary "@$SCRATCH/second" "$entries"
status 200 "${auth[@]}" -X PUT -d '{"status":"deprecated"}' "$entries/$key/status"
status 400 "${auth[@]}" -X PUT -d '{"status":"loved"}' "$entries/$key/status"
status 200 "$entries/$key/meta"
said '"status":"deprecated"'
fc solo get https://api.example/1 | cmp - "$SCRATCH/doc" || fail "the command does not see it"
fc solo token new other --any >"$SCRATCH/any" 2>/dev/null
status 404 -H "Authorization: Bearer $(cat "$SCRATCH/any")" -X DELETE \
    "$entries/${key//[0-9a-f]/0}"
# a key that is not here, and a token whose file others may read
mv "$SCRATCH/solo/keys/feed-operator.key" "$SCRATCH/away"
status 403 -H "Authorization: Bearer $(cat "$SCRATCH/any")" --data-binary "@$SCRATCH/third" "$entries"
said '"code":"NO_KEY","detail":"this was not taken into the feed: this node does not hold'
mv "$SCRATCH/away" "$SCRATCH/solo/keys/feed-operator.key"
chmod 644 "$SCRATCH/solo/tokens/shop.token"
status 401 "${auth[@]}" -X DELETE "$entries/$key"
grep -q "chmod 600 $SCRATCH/solo/tokens/shop.token" "$SCRATCH/solo.log" || fail "the log says nothing"
expect 3 fc solo token list >"$SCRATCH/out" 2>"$SCRATCH/err"
grep -q '^other ' "$SCRATCH/out" || fail "the other token is not listed"
grep -q 'tokens/shop.token: file permissions are too open, so it is refused' "$SCRATCH/err" ||
    fail "$(cat "$SCRATCH/err")"
chmod 600 "$SCRATCH/solo/tokens/shop.token"
fc solo token revoke shop
status 401 "${auth[@]}" -X DELETE "$entries/$key"
auth=(-H "Authorization: Bearer $(cat "$SCRATCH/any")")

# -- changes: from a cursor, also across a restart; waited for; as a stream
status 200 "$url/v1/changes?after=$cursor"
said '"op":"status"'
(sleep 0.5 && curl -s "${auth[@]}" -X DELETE "$entries/$key" >/dev/null) &
late=$(curl -s "$url/v1/changes?after=now" | field cursor)
SECONDS=0
status 200 "$url/v1/changes?after=$late&wait=20"
said '"op":"delete","key":"https://api.example/1"'
[ $SECONDS -lt 10 ] || fail "it was not woken by the news"
status 404 "$entries/$key"
status 400 "$url/v1/changes?after=nonsense"
status 410 "$url/v1/changes?after=00000000000000ff.1"
timeout 2 curl -sN -H "Accept: text/event-stream" -H "Last-Event-ID: $cursor" "$url/v1/changes" \
    >"$SCRATCH/stream" || true
grep -q "^id: ${cursor%.*}" "$SCRATCH/stream" || fail "no event: $(cat "$SCRATCH/stream")"

# -- takedown: 451 and why
K=$(curl -s "$url/v1/entries?list=1&key=https://offers.example/o2" | field key_hash)
fc solo takedown "Operator of solo" https://offers.example/o2 --local --reason "a court of law" >/dev/null 2>&1
status 451 "$entries/$K"
said "this node: a court of law"
status 200 "$entries/$K/meta"
said '"content":"refused"'
said '"signature":null'
# ... and given back: the content is no longer here, and nobody is there to pull it from
fc solo takedown "Operator of solo" https://offers.example/o2 --local --lift >/dev/null 2>&1
status 404 "$entries/$K"
said '"code":"CONTENT_MISSING"'
said "has not arrived here yet"
header "^Retry-After: 30"
status 200 "$entries/$K/meta"
said '"content":"missing"'
said '"accepted":"'

# -- an application, for governors
fc late init --listen "tcp://127.0.0.1:*" >/dev/null
fc late apply --name Late --country DE --url https://late.example \
    --federation "$SCRATCH/charter.fcr" --out "$SCRATCH/late.app" >/dev/null
status 202 --data-binary "@$SCRATCH/late.app" "$url/v1/applications"
status 400 --data-binary "@$SCRATCH/doc" "$url/v1/applications"
fc solo applications | grep -q "application of Late" || fail "governors do not see it"
fc solo applications save "$(fc solo applications | cut -c1-12)" --out "$SCRATCH/saved.app"
cmp "$SCRATCH/saved.app" "$SCRATCH/late.app" || fail "not as it was handed in"
"$FEDCAT" admit "$SCRATCH/saved.app" --records "$SCRATCH/charter.fcr" --key "$SCRATCH/alice.key" \
    --key "$SCRATCH/bruno.key" --out "$SCRATCH/late.cert" --home "$SCRATCH" >/dev/null 2>&1
status 200 --data-binary "@$SCRATCH/late.cert" "$url/v1/records"
said '"type":"certificate"'
[ "$(curl -s "$url/v1/participants" | grep -o '"state"' | wc -l)" = 2 ] || fail "not admitted"

# -- addresses: where to begin, without a slash at the end; a page for browsers
status 200 "$url/v1"
for link in search nodes applications deltas records; do
    said "\"$link\":\"/v1/$link\""
done
for path in /v1/ "/v1/changes/?limit=1" /check/; do
    status 308 "$url$path"
    header "^location: $(sed 's|/\(?.*\)\?$|\1|' <<<"$path")"
    status 200 -L "$url$path"
done
status 404 "$url//v1/"
status 404 "$url/nosuch/"
browser=(-H "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
for path in /nosuch /v1/nosuch /nosuch/; do
    status 404 "$url$path"
    said '"code":"PATH"'
    status 404 "${browser[@]}" "$url$path"
    header "^content-type: text/html"
    header "^content-security-policy: default-src 'none'"
    said '<main id="main"'
    status 404 -H "Accept: text/html;q=0, */*" "$url$path"
    said '"code":"PATH"'
    status 404 "${browser[@]}" -X POST "$url$path"
    said '"code":"PATH"'
done
status 404 "${browser[@]}" -I "$url/nosuch"

# -- what pages of others may read
status 200 -H "Origin: https://good.example" "$url/v1"
header "^access-control-allow-origin: https://good.example"
status 200 -H "Origin: https://bad.example" "$url/v1"
! grep -qi "^access-control-allow" "$SCRATCH/head" || fail "anyone may read"
status 204 -X OPTIONS -H "Origin: https://good.example" \
    -H "Access-Control-Request-Method: GET" "$url/v1/entries"

# -- limits at their edges
filled() { head -c "$1" /dev/zero | tr '\0' x; }
status 413 "${auth[@]}" --data-binary @<(filled 1048577) "$entries"
status 400 "${auth[@]}" --data-binary @<(filled 1048576) "$entries"
status 413 -H "Transfer-Encoding: chunked" --data-binary @<(filled 16385) "$url/v1/applications"
status 413 -X DELETE "${auth[@]}" -d x "$entries/$key"
status 200 "$url/v1/participants/$P/entries?limit=1&x=$(filled $((8192 - 100)))"
status 414 "$url/v1/participants/$P/entries?limit=1&x=$(filled $((8193 - 100)))"
status 431 -H "X-Large: $(filled 40000)" "$url/v1"
status 405 -X PUT "$url/v1/changes"
header "^allow: get, head, options"
python3 - "$url" "$SCRATCH/late408" <<'END'
import socket, sys, time
host, port = sys.argv[1].rsplit("/", 1)[1].split(":")
s = socket.create_connection((host, int(port)))
s.sendall(b"POST /v1/applications HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
s.settimeout(0.2)
got, until = b"", time.time() + 12
while time.time() < until:
    try:
        s.sendall(b"x")
        part = s.recv(4096)
        if not part:
            break
        got += part
    except socket.timeout:
        continue
    except OSError:
        break
assert b" 408 " in got, got
idle = socket.create_connection((host, int(port)))
idle.settimeout(12)
idle.sendall(b"GET /v1")
assert idle.recv(100) in (b"",), "half a request line is waited for without end"
END
many=$(for _ in $(seq 1400); do echo "url = $url/healthz"; echo 'output = /dev/null'; done |
    curl -s -w '%{http_code}\n' --parallel --parallel-max 8 -K - | sort | uniq -c)
echo "$many" | grep -q 429 || fail "the rate has no limit: $many"
echo "$many" | grep -q 200 || fail "nothing was answered: $many"
sleep 2
status 200 "$url/healthz"

# -- it stops at once, and says so to those that wait
status 200 "$url/metrics"
if command -v promtool >/dev/null; then
    promtool check metrics <"$SCRATCH/body" || fail "promtool finds fault with the metrics"
fi
late=$(curl -s "$url/v1/changes?after=now" | field cursor)
curl -s "$url/v1/changes?after=now&wait=60" >"$SCRATCH/waited" &
waiter=$!
curl -sN -H "Accept: text/event-stream" "$url/v1/changes?after=now" >"$SCRATCH/stream" &
streamer=$!
sleep 0.5
SECONDS=0
stop solo
[ $SECONDS -lt 5 ] || fail "the stop took $SECONDS s"
wait $waiter || fail "the one that waited was cut off"
grep -q '"changes":\[\]' "$SCRATCH/waited" || fail "it was told $(cat "$SCRATCH/waited")"
wait $streamer || fail "the stream was cut off"

# a cursor survives a restart
start solo
url=$(sed -n 's/.*answers at //p' "$SCRATCH/solo.log" | tail -n 1)
status 200 "$url/v1/changes?after=$late"
status 200 "$url/v1/changes?after=$cursor"
said '"op":"delete"'

# -- a wrong configuration is one clear line
stop solo
sed -i "s|listen: '127.0.0.1:0'|listen: 'nowhere.invalid:80'|" "$SCRATCH/solo/fedcat.yaml"
expect 2 timeout 20 "$FEDCAT" run --home "$SCRATCH/solo" 2>"$SCRATCH/err"
grep -q "no address to listen on" "$SCRATCH/err" || fail "$(cat "$SCRATCH/err")"
sed -i "s|nowhere.invalid:80|127.0.0.1:0'\n  tls_certificate: '/nowhere.pem|" \
    "$SCRATCH/solo/fedcat.yaml"
expect 2 timeout 20 "$FEDCAT" run --home "$SCRATCH/solo" 2>"$SCRATCH/err"
grep -q "go together" "$SCRATCH/err" || fail "$(cat "$SCRATCH/err")"
