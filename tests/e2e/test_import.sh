#!/bin/bash
# Catalogues of others as a feed: only what changed is signed, nothing is lost by a bad harvest.
. "$(dirname "$0")/lib.sh"
data=$(cd "$(dirname "$0")/../rdf/data" && pwd)
site=https://data.auenland.example

counts() { # NEW CHANGED UNCHANGED DELETED ARGUMENTS...: import says so
    local wanted="$1 new, $2 changed, $3 unchanged, $4 deleted, 0 failed"
    shift 4
    fc solo import "$@" >"$SCRATCH/out" 2>"$SCRATCH/err" || fail "import $*: $(cat "$SCRATCH/err")"
    grep -q "$wanted" "$SCRATCH/out" || fail "import $*: $(cat "$SCRATCH/out"), not $wanted"
}
version() {
    fc solo participants --json | grep -o '"version":"[^"]*"' | head -n 1
}

# text that is elsewhere is not left out in silence: nothing is done
cat >"$SCRATCH/entity.rdf" <<'END'
<?xml version="1.0"?>
<!DOCTYPE r [<!ENTITY b "words">
<!ENTITY x SYSTEM "file:///etc/passwd">]>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dcat="http://www.w3.org/ns/dcat#" xmlns:dct="http://purl.org/dc/terms/"><dcat:Dataset rdf:about="https://b.example/1"><dct:title>&x;&b;</dct:title></dcat:Dataset></rdf:RDF>
END

found solo
refused 2 'entity.rdf:3: the entity "x" is elsewhere' fc solo import "$SCRATCH/entity.rdf"
expect 4 fc solo get https://b.example/1 2>/dev/null
for mode in running stopped; do
    [ $mode = running ] || stop solo
    d="$SCRATCH/$mode"
    offer "$d" own
    fc solo publish "$d/own.json" >/dev/null
    before=$(version)
    counts 4 0 0 0 --dry-run "$data/ckan.rdf"
    [ "$(version)" = "$before" ] || fail "a dry run signed"
    counts 4 0 0 0 "$data/ckan.rdf"
    before=$(version)
    counts 0 0 4 0 "$data/ckan.rdf"
    counts 0 0 4 0 --format rdfxml - <"$data/ckan.rdf"
    [ "$(version)" = "$before" ] || fail "the same catalogue was signed again"
    fc solo get "$site/dataset/haltestellen" --about >"$d/about"
    grep -q "^name  *Stops$" "$d/about" || fail "$(cat "$d/about")"
    grep -q "^provider_name  *Verkehrsbetriebe Auenland$" "$d/about" || fail "$(cat "$d/about")"
    fc solo get "$site/dataset/baumkataster" | grep -q '"vcard:fn":"Gartenamt"'

    # other names for blank nodes and another order say the same; another word does not
    sed 's/N4a1f/Nother/; s/N77/M1/; s/N91/A/' "$data/ckan.rdf" >"$d/renamed.rdf"
    counts 0 0 4 0 "$d/renamed.rdf"
    sed 's/Alle Haltestellen/Viele Haltestellen/' "$data/ckan.rdf" >"$d/changed.rdf"
    counts 0 1 3 0 --dry-run "$d/changed.rdf"
    counts 0 1 3 0 "$d/changed.rdf"
    sed 's/Verkehrsbetriebe/Betriebe/' "$d/changed.rdf" >"$d/shared.rdf" # of a node it leads to
    counts 0 1 3 0 "$d/shared.rdf"

    # gone: one goes, half of them only at a word, and what was not imported never
    grep -v 'rdf:about="'"$site"'/api"' "$data/ckan.rdf" | sed '/<dcat:service>/,/<\/dcat:service>/d' >"$d/three.rdf"
    counts 0 1 2 1 "$d/three.rdf"
    echo '<https://x.example/> a <https://x.example/Thing> .' >"$d/empty.ttl"
    refused 5 "3 of 3 entries are no longer in it; nothing was done" fc solo import "$d/empty.ttl" --quiet
    refused 5 "3 of 3 entries" fc solo import --max-delete 2 "$d/empty.ttl" --quiet
    refused 5 "3 of 3 entries" fc solo import --max-delete 99% "$d/empty.ttl" --quiet
    counts 0 0 0 0 --keep "$d/empty.ttl"
    counts 0 0 0 0 --prefix https://elsewhere.example/ "$d/empty.ttl"
    counts 0 0 0 3 --max-delete 3 --dry-run "$d/empty.ttl"
    counts 0 0 0 3 --max-delete 100% "$d/empty.ttl"
    [ "$(fc solo get https://offers.example/own)" = "$(cat "$d/own.json")" ] || fail "own entry is gone"

    # two catalogues in one feed
    counts 4 0 0 0 --prefix $site/ "$data/ckan.rdf"
    printf '@prefix dcat: <http://www.w3.org/ns/dcat#> .\n<https://b.example/1> a dcat:Dataset .\n' >"$d/b.ttl"
    counts 1 0 0 0 --prefix https://b.example/ "$d/b.ttl"
    counts 0 0 4 0 --prefix $site/ "$data/ckan.rdf"
    expect 2 fc solo import --prefix https://c.example/ --keep "$d/b.ttl" >/dev/null 2>"$SCRATCH/err"
    grep -q "^https://b.example/1: does not begin" "$SCRATCH/err"
    counts 0 0 0 5 --max-delete 5 "$d/empty.ttl"

    # JSON
    fc solo import "$data/ckan.rdf" --json | grep '"new":4,"changed":0,"unchanged":0,"deleted":0' >/dev/null
    counts 0 0 0 4 --max-delete 4 "$d/empty.ttl"
done

# what is no catalogue, and where
cd "$SCRATCH"
printf '<a> <b> <c> .\n' >relative.ttl
refused 2 "relative.ttl: statement 1: .*relative" fc solo import relative.ttl
fc solo import --base https://x.example/ relative.ttl --keep >/dev/null 2>&1
printf '<https://a.example/> a <https://b.example/> ;\n  oops:x "1" .\n' >prefix.ttl
refused 2 "prefix.ttl" fc solo import prefix.ttl
printf '<https://a.example/> a <https://b.example/> .\n\n<https://a.example/> "x" .\n' >broken.ttl
refused 2 "broken.ttl:3:" fc solo import broken.ttl
head -n 20 "$data/ckan.rdf" >cut.rdf
refused 2 "cut.rdf:2[0-9]*: " fc solo import cut.rdf
printf '{"@context":"https://x.example/c.jsonld","@id":"https://a.example/"}' >remote.jsonld
refused 2 'remote.jsonld: "https://x.example/c.jsonld": this context is not known' fc solo import remote.jsonld
printf '{"@graph":[\n{"@id":}]}' >broken.jsonld
refused 2 "broken.jsonld:2:" fc solo import broken.jsonld
printf 'hello' >unknown
refused 2 "give --format" fc solo import unknown
printf '<https://a.example/> <https://b.example/> "\xff" .\n' >latin.ttl
refused 2 "latin.ttl:1: not UTF-8" fc solo import latin.ttl
printf '<https://a.example/> <https://b.example/> "\0" .\n' >zero.ttl
refused 2 "zero.ttl:1: a zero byte" fc solo import zero.ttl
refused 4 "nothere.ttl: not found" fc solo import nothere.ttl
expect 2 fc solo import a b 2>/dev/null
expect 2 fc solo import --max-delete many broken.ttl 2>/dev/null
expect 2 fc solo import --max-delete 101% broken.ttl 2>/dev/null
expect 2 fc solo export --format rdf 2>/dev/null
expect 2 fc solo export --format dcat-turtle --base "no address" --out x.ttl 2>/dev/null
