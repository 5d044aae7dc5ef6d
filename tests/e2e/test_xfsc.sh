#!/bin/bash
# The routes of the XFSC Federated Catalogue against its OpenAPI document, on two nodes.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/../interop/lib.sh"

found a b
start b
look xfsc "$(url a)" "$(token a writer)" "$(url b)" "$(token b writer)" \
    "$(dirname "$0")/../vectors/credentials.json"

# what was taken down: 451 with the reason, and a word of it in lists; what another feed has is had
A=$(url a)
status() { curl -s -o "$SCRATCH/body" -w '%{http_code}' "$@"; }
of() { printf %s "https://offers.example/$1" | jq -sRr @uri; }
for i in down kept; do offer "$SCRATCH/in" "$i"; done
fc a publish "$SCRATCH/in" >/dev/null
offer "$SCRATCH/other" down "of another participant"
fc b publish "$SCRATCH/other" >/dev/null
two_hold() { [ "$(curl -sf "$A/xfsc/assets?ids=$(of down)" | jq .totalCount)" = 2 ]; }
eventually 20 two_hold
fc a takedown "Operator of a" https://offers.example/down --local --reason "a court's order" >/dev/null 2>&1
[ "$(status "$A/xfsc/assets/$(of down)")" = 200 ] || fail "$(cat "$SCRATCH/body")"
jq -e '.assetHash and (.alternatives[0] | .assetHash == null and
    .warnings == ["Taken down by this node: a court'"'"'s order"])' "$SCRATCH/body" >/dev/null ||
    fail "$(cat "$SCRATCH/body")"
fc a takedown "Operator of b" https://offers.example/down --local --reason "the same" >/dev/null 2>&1
[ "$(status "$A/xfsc/assets/$(of down)")" = 451 ] || fail "$(cat "$SCRATCH/body")"
jq -e '.code and (.message | startswith("Taken down by this node: "))' "$SCRATCH/body" >/dev/null ||
    fail "$(cat "$SCRATCH/body")"
curl -sf "$A/xfsc/assets?ids=$(of down),$(of kept)&withContent=true" >"$SCRATCH/body"
jq -e '.totalCount == 3 and ([.items[] | select(.content)] | length) == 1 and
    ([.items[] | select(.meta.warnings[0] | strings | startswith("Taken down by this node: "))] |
        length) == 2' "$SCRATCH/body" >/dev/null || fail "$(cat "$SCRATCH/body")"
curl -sf "$A/xfsc/assets?ids=$(of down)&withMeta=false" >"$SCRATCH/body"
jq -e 'all(.items[]; .warnings[0] | startswith("Taken down by this node: "))' "$SCRATCH/body" \
    >/dev/null || fail "$(cat "$SCRATCH/body")"
# the same in the Dataspace Protocol
[ "$(status "$A/dsp/2025-1/catalog/datasets/$(of down)")" = 451 ] || fail "$(cat "$SCRATCH/body")"
jq -e '."@type" == "CatalogError" and .code == "WITHHELD" and
    (.reason[0] | startswith("Taken down by this node: "))' "$SCRATCH/body" >/dev/null ||
    fail "$(cat "$SCRATCH/body")"
