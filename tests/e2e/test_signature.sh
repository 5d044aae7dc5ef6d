#!/bin/bash
# Signed credentials: what get and list say of them, with and without the DID document as an entry.
. "$(dirname "$0")/lib.sh"
command -v jq >/dev/null && command -v curl >/dev/null || exit 77
vectors="$(dirname "$0")/../vectors/credentials.json"
did=did:web:alpha.example
key=https://alpha.example/vc/1

document() { # NAME: the document of a case
    jq -r --arg name "$1" '.cases[] | select(.name == $name) | .document' "$vectors"
}
signature() { # the state of the entry's signature
    fc solo get $key --json | jq -r '.signature.state'
}
over_http() { # KEY FILTER: of what is known of that entry
    local url href
    url=$(sed -n 's/.*answers at //p' "$SCRATCH/solo.log" | tail -n 1)
    href=$(curl -s "$url/v1/entries?list=1&key=$1" | jq -r '.entries[0].href')
    curl -s "$url$href/meta" >"$SCRATCH/meta"
    jq -e "$2" "$SCRATCH/meta" >/dev/null || fail "not $2: $(cat "$SCRATCH/meta")"
}
is() {
    [ "$(signature)" = "$1" ] || fail "$(fc solo get $key --about)"
    [ $mode = stopped ] || over_http $key ".signature.state == \"$1\""
}

found solo
for mode in running stopped; do
    [ $mode = running ] || stop solo
    document "PS256, did:web, with a certificate" | fc solo publish - >/dev/null
    is "not verifiable here"
    fc solo get $key --about | grep -q "^signature  *not verifiable here: no DID document of $did"

    jq -r ".documents[\"$did\"]" "$vectors" | fc solo publish - >/dev/null
    is verified
    fc solo get $key --about >"$SCRATCH/about"
    grep -q "^signature  *verified$" "$SCRATCH/about" || fail "$(cat "$SCRATCH/about")"
    grep -q "^  certificate *C=FR,CN=alpha.example$" "$SCRATCH/about"
    grep -q "^  key from *Operator of solo, whose certificate does not name it$" "$SCRATCH/about"
    fc solo get $key --json | jq -e '.signature | .algorithm == "PS256" and .issuer == "'$did'" and
        .key_id == "'$did'#rsa" and .key_vouched == false and .why == null' >/dev/null
    [ $mode = stopped ] || over_http $key '.signature | .key_published_by == "Operator of solo" and
        .key_vouched == false and .algorithm == "PS256" and .period == "current" and .why == null'
    [ $mode = stopped ] || over_http $did '.signature == {"state": "unsigned", "why": "it bears no signature of its own", "why_code": "BARE", "why_about": {}}'
    fc solo list --long | grep -q "^ .*  verified$"
    fc solo list --long | grep -q "^ .*  unsigned$" # the DID document
    fc solo list --long --json | jq -r .signature.state | sort | tr '\n' ' ' | grep -qx "unsigned verified "

    document "payload changed" | sed 's/^/ /' >"$SCRATCH/changed"
    fc solo publish "$SCRATCH/changed" >/dev/null # it has another key
    fc solo get urn:x --about | grep -q "^signature  *wrong: "
    [ $mode = stopped ] || over_http urn:x '.signature.state == "wrong" and .signature.why != null'
    fc solo delete urn:x >/dev/null

    # a document that its publisher took back does not vouch for anything
    fc solo set-status ended $did >/dev/null
    is "not verifiable here"
    fc solo delete $did $key >/dev/null
done

# nor does one that a freeze hides
mode=running
start solo
document "PS256, did:web, with a certificate" | fc solo publish - >/dev/null
version=$(fc solo participants --json | jq -r .version)
jq -r ".documents[\"$did\"]" "$vectors" | fc solo publish - >/dev/null
is verified
fc solo revoke "Operator of solo" --freeze --last-valid "$version" --reason "a test" --quiet \
    --key "$SCRATCH/alice.key" --key "$SCRATCH/bruno.key" --out "$SCRATCH/freeze" --submit >/dev/null
is "not verifiable here"
over_http $did '.hidden and .signature == null'
