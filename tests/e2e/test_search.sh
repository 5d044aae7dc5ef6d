#!/bin/bash
# Searching as people type, with and without a running node; a store without index gets one.
. "$(dirname "$0")/lib.sh"

entry() { # id name keyword description language country
    printf '{"@context":["https://www.w3.org/ns/credentials/v2"],"id":"https://x.example/%s","type":["VerifiableCredential","gx:ServiceOffering"],"credentialSubject":{"id":"https://x.example/%s#cs","type":"gx:ServiceOffering","gx:name":{"@value":"%s","@language":"%s"},"gx:keyword":["%s"],"gx:description":{"@value":"%s","@language":"%s"},"gx:providedBy":{"id":"https://%s.example/"},"gx:legalAddress":{"gx:countryCode":"%s"},"dcat:theme":"health","gx:labelLevel":"L2"},"validUntil":"2027-06-30T00:00:00Z"}\n' \
        "$1" "$1" "$2" "$5" "$3" "$4" "$5" "$1" "$6"
}
found solo
{
    entry klinik "Gesundheitsdaten der Kliniken" Archiv "Sichere Übertragung von Befunden" de DE
    entry sante "Données de santé" stockage "Hébergement et stockage objet" fr FR
    entry ovh "Object storage" cloud "Storage of objects for hospitals, no beta" en FR
    entry wind "Wind forecast" energy "A beta service about object lessons and storage" en NL
} >"$SCRATCH/docs.ndjson"
fc solo publish --ndjson "$SCRATCH/docs.ndjson" >/dev/null

# keys QUERY...: what is found, best first
keys() {
    fc solo search --json "$@" | jq -r '.hits[].key' | sed 's/.*example.//' | tr '\n' ' '
}
finds() { # EXPECTED QUERY...
    local wanted=$1
    shift
    [ "$(keys "$@")" = "$wanted${wanted:+ }" ] || fail "$*: $(keys "$@")instead of $wanted"
}
for mode in running stopped; do
    [ $mode = running ] || stop solo
    finds "klinik" gesundheitsdaten
    finds "klinik" Übertragung
    finds "klinik" ubertragungen
    finds "klinik" uebertragung
    finds "klinik" Uebertragungen
    finds "klinik" klinik
    finds "sante" santé
    finds "sante" sante
    finds "sante" hébergements
    finds "ovh wind" storage object
    finds "ovh" '"object storage"'
    finds "ovh" 'storage object country:FR -name:beta OR forecast'
    finds "wind" "beta -hospitals"
    [ "$("$FEDCAT" search --json --home "$SCRATCH/solo" -- beta -hospitals | jq .total)" = 1 ] ||
        fail "a minus behind --"
    finds "wind" beta AND NOT hospitals
    finds "ovh wind" 'object AND storage kind:Service'
    finds "klinik" 'gesundh*'
    finds "klinik" 'gesundheitsdatem~'
    finds "klinik sante" 'country:FR,DE sort:-name -storage'
    finds "ovh" provider:https://ovh.example/
    finds "ovh" provider:ovh
    finds "" valid-until:\>2027-07-01
    [ "$(fc solo search 'valid-until:2027-01-01..2027-12-31' --limit 0 --json | jq .total)" = 4 ] ||
        fail "dates"
    [ "$(fc solo search 'label:L2' theme:health state:active --limit 0 --json | jq .total)" = 4 ] ||
        fail "facets"
    fc solo search storage --facets --json >"$SCRATCH/out"
    [ "$(jq -c '[.total, .facets.country.values[0].value, .facets.country.values[0].count]' \
        "$SCRATCH/out")" = '[2,"FR",1]' ] || fail "$(cat "$SCRATCH/out")"
    jq -e '.hits[0].snippet.marks | length > 0' "$SCRATCH/out" >/dev/null || fail "no marks"
    jq -e '.hits[0].as_of and .as_of' "$SCRATCH/out" >/dev/null || fail "no age"
    fc solo search storage | grep "as of .* ago" >/dev/null || fail "no age for people"

    # pages
    fc solo search --limit 3 --json >"$SCRATCH/out"
    next=$(jq -r .next "$SCRATCH/out")
    [ "$(fc solo search --limit 3 --next "$next" --json | jq -c '[(.hits | length), .next]')" = \
        '[1,null]' ] || fail "second page"
    refused 5 "start over" fc solo search wind --next "$next"
    refused 2 "no cursor" fc solo search --next nonsense

    # what is wrong, and where
    refused 2 'at character 7, "colour": there is no field' fc solo search 'cloud colour:red'
    refused 2 'at character 12, "actve": state: is one of active, deprecated' \
        fc solo search 'café state:actve'
    refused 2 'kind: is one of service, data-service' fc solo search kind:foo
    refused 2 'AND stands between two words' fc solo search storage AND
    refused 2 'NOT stands before a word' fc solo search storage NOT
    refused 2 'OR stands between two words' fc solo search OR storage
    refused 2 '"-beta" reads as an option: put -- before' fc solo search storage -beta
    refused 2 'not closed' fc solo search '"object storage'
    refused 2 '2026-12-31' fc solo search valid-until:tomorrow
done

# what changes is found as it is now
start solo
fc solo set-status deprecated https://x.example/wind >/dev/null
[ "$(keys state:deprecated)" = "wind " ] || fail "status: $(keys state:deprecated)"
fc solo delete https://x.example/wind >/dev/null
[ "$(keys forecast)" = "" ] || fail "deleted: $(keys forecast)"
[ "$(fc solo reindex --json | jq .entries)" = 3 ] || fail "reindex"
finds "ovh" '"object storage"'
fc solo verify >/dev/null || fail "verify"

# a node that nothing comes to leaves nothing to be read row by row
url=$(sed -n 's/.*answers at //p' "$SCRATCH/solo.log" | tail -n 1)
waiting() { curl -s "$url/metrics" | sed -n 's/^fedcat_index_waiting_entries //p'; }
merged() { [ "$(waiting)" = 0 ]; }
entry wald "Waldbrandkarte" fire "Maps of fires" de DE >"$SCRATCH/late.json"
fc solo publish "$SCRATCH/late.json" >/dev/null
[ "$(waiting)" = 1 ] || fail "$(waiting) entries wait, and not the one that was published"
eventually 10 merged
finds "wald" waldbrandkarte

# a provider's name and country stand in its own entry
jq -c 'del(.credentialSubject["gx:legalAddress"])
    | .credentialSubject["gx:providedBy"].id = "https://cloud.example/participantGrandNuage.json"' \
    >"$SCRATCH/offer.json" <<<"$(entry nuage "Clusters" k8s "Machines of a cloud" en XX)"
fc solo publish "$SCRATCH/offer.json" >/dev/null
said() { fc solo search --json name:clusters | jq -c '.hits[0] | [.country, .country_from, .provider, .provider_from]'; }
[ "$(said)" = '["DE","certificate","https://cloud.example/participantGrandNuage.json","document"]' ] ||
    fail "by the certificate: $(said)"
finds "nuage" provider:nuage
finds "nuage" "country:DE clusters"
printf '{"@context":["https://www.w3.org/ns/credentials/v2"],"id":"https://x.example/self","type":["VerifiableCredential"],"credentialSubject":{"id":"https://cloud.example/participantGrandNuage.json","type":"gx:LegalPerson","gx:name":"Haute Altitude SA","gx:legalAddress":{"gx:countryCode":"LU"}}}' >"$SCRATCH/self.json"
fc solo publish "$SCRATCH/self.json" >/dev/null
[ "$(said)" = '["LU","provider","Haute Altitude SA","provider"]' ] || fail "by its entry: $(said)"
finds "self nuage" country:LU
finds "nuage" 'provider:"haute altitude"'
fc solo delete https://x.example/self >/dev/null
[ "$(said | jq -r .[0])" = DE ] || fail "after its entry went: $(said)"
fc solo delete https://x.example/nuage >/dev/null
