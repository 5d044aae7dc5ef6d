#!/bin/bash
# The catalogue of the Dataspace Protocol, at 0, 1 and 20 entries: every answer against the schemas.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/../interop/lib.sh"

policy=', "odrl:hasPolicy": {"@type": "odrl:Offer", "odrl:permission": [{"odrl:action": {"@id": "odrl:use"}}]}'
service() { # NUMBER [MORE]: an offer with a policy
    cat <<END
{"@context": ["https://www.w3.org/ns/credentials/v2", "https://w3id.org/gaia-x/2511#"],
 "id": "https://offers.example/$1", "type": ["VerifiableCredential"], "issuer": "did:web:x.example",
 "credentialSubject": {"id": "https://offers.example/$1#s", "type": "gx:ServiceOffering",
  "gx:name": "Offer $1", "gx:description": "compute in a nearby region",
  "gx:keyword": ["compute", "n$1"], "gx:endpoint": {"gx:endpointURL": "https://offers.example/api/$1"}
  ${2-$policy}}}
END
}
lines() { tr -d '\n'; echo; }

found solo
look dsp "$(url solo)" 0
service 1 | fc solo publish - >/dev/null
look dsp "$(url solo)" 1

for i in $(seq 2 20); do service "$i" | lines; done | fc solo publish --ndjson - >/dev/null
look dsp "$(url solo)" 20 7
look dsp "$(url solo)" 20 20
look dsp "$(url solo)" 20 1

# What cannot be a dataset is left out, and counted: no policy; one that is no ODRL, or says more
# than the protocol's form can hold; no address; not an offer at all.
service without-policy ' ' | fc solo publish - >/dev/null
service rego ', "gx:policy": "default: allow"' | fc solo publish - >/dev/null
service refined ', "odrl:hasPolicy": {"@type": "odrl:Offer", "odrl:permission": [{"odrl:action":
 {"rdf:value": {"@id": "odrl:print"}, "odrl:refinement": []}}]}' | fc solo publish - >/dev/null
service elsewhere ', "odrl:hasPolicy": {"@id": "https://policies.example/7"}' |
    fc solo publish - >/dev/null
service nowhere | sed 's/gx:endpoint"/gx:nothing"/' | fc solo publish - >/dev/null
fc solo publish "$(dirname "$0")/../../node/samples/de/moselfin/participant.json" >/dev/null
look dsp "$(url solo)" 20 7 >"$SCRATCH/found"
[ "$(jq -c .leftOut "$SCRATCH/found")" = '{"urn:fedcat:withoutPolicy":1,"urn:fedcat:policyNotExpressible":3,"urn:fedcat:withoutEndpoint":1}' ] ||
    fail "$(cat "$SCRATCH/found")"

# what is deleted is gone
fc solo delete https://offers.example/20 >/dev/null
look dsp "$(url solo)" 19 >/dev/null

# the operator's default stands in where a document has no policy, and nowhere else
cat >"$SCRATCH/policy.json" <<END
{"@type": "Offer", "permission": [{"action": "use", "constraint": [
  {"leftOperand": "spatial", "operator": "eq", "rightOperand": "http://example.org/EU"}]}]}
END
stop solo
cp "$SCRATCH/solo/fedcat.yaml" "$SCRATCH/kept.yaml"
sed -i '/^http:/,$d' "$SCRATCH/solo/fedcat.yaml"
printf 'http:\n  dsp_default_policy: %s\n' "$SCRATCH/policy.json" >>"$SCRATCH/solo/fedcat.yaml"
start solo
look dsp "$(url solo)" 20 >"$SCRATCH/found"
[ "$(jq -c .leftOut "$SCRATCH/found")" = '{"urn:fedcat:withoutPolicy":0,"urn:fedcat:policyNotExpressible":3,"urn:fedcat:withoutEndpoint":1}' ] ||
    fail "$(cat "$SCRATCH/found")"
curl -sf "$(url solo)/dsp/2025-1/catalog/datasets/https://offers.example/without-policy" |
    jq -e '.hasPolicy[0].permission[0].constraint[0].rightOperand == "http://example.org/EU"' >/dev/null

# one that is none is refused at the start, with its place
stop solo
echo '{"@type": "Offer", "permission": [{"action": "use", "target": "urn:x"}]}' >"$SCRATCH/policy.json"
refused 2 "dsp_default_policy: .*no ODRL offer" fc solo run
echo '{' >"$SCRATCH/policy.json"
refused 2 "dsp_default_policy: .*line" fc solo run
