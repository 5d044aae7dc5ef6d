#!/bin/bash
# The catalogue of the Dataspace Protocol at 100,000 entries: every page against the schemas, all
# datasets once, pages as quick at the end as at the start, and a name found without looking at every
# entry. FEDCAT_LARGE names another number.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/../interop/lib.sh"

count=${FEDCAT_LARGE:-100000}
# Sanitizers look at the code, and take long.
[ -z "${FEDCAT_SANITIZED:-}" ] || count=${FEDCAT_LARGE:-3000}
found solo
python3 - "$count" >"$SCRATCH/offers.ndjson" <<'END'
import json, sys
for i in range(int(sys.argv[1])):
    print(json.dumps({
        "@context": ["https://www.w3.org/ns/credentials/v2"], "id": f"https://offers.example/{i}",
        "type": ["VerifiableCredential"], "issuer": "did:web:offers.example",
        "credentialSubject": {"id": f"https://offers.example/{i}#s", "type": "gx:ServiceOffering",
            "gx:name": f"Offer {i}", "gx:endpoint": {"gx:endpointURL": f"https://offers.example/api/{i}"},
            "odrl:hasPolicy": {"@type": "odrl:Offer", "odrl:permission": [{"odrl:action": {"@id": "odrl:use"}}]}}}))
END
fc solo publish "$SCRATCH/offers.ndjson"
look dsp "$(url solo)" "$count" 500 | tee "$SCRATCH/found"
# A page costs what its datasets cost, wherever it is: the slowest no more than the middle one, a
# busy machine's hiccups and the slices of others aside.
jq -e '.slowestMs < 20 * .pageMs + 500' "$SCRATCH/found" >/dev/null || fail "a page is far slower than others"
# By its index the node finds a name in a small part of the time that all entries take.
jq -e '10 * .nameMs < .patternMs' "$SCRATCH/found" >/dev/null || fail "a name is looked for in every entry"
