#!/bin/bash
# DCAT-AP over HTTP as a harvester takes it: page after page until there is no next.
. "$(dirname "$0")/lib.sh"
command -v curl >/dev/null || exit 77
data=$(cd "$(dirname "$0")/../rdf/data" && pwd)

found solo
site=$(sed -n 's/.*answers at //p' "$SCRATCH/solo.log" | tail -n 1)
[ -n "$site" ] || fail "no address in the log"
eventually 10 curl -fsS "$site/dcat/catalog.ttl"

fc solo import "$data/ckan.rdf" >/dev/null
for i in 1 2 3 4 5 6 7; do
    offer "$SCRATCH/in" "offer-$i"
done
fc solo publish "$SCRATCH/in" >/dev/null

harvest() { # ENDING PATTERN: every page into pages.*, the next one's address by that pattern
    local next="$site/dcat/catalog.$1?limit=3" n=0
    rm -f "$SCRATCH"/page-*."$1"
    while [ -n "$next" ]; do
        n=$((n + 1))
        [ $n -lt 10 ] || fail "no end to the pages"
        curl -fsS -D "$SCRATCH/head" "$next" >"$SCRATCH/page-$n.$1"
        next=$(grep -o "$2" "$SCRATCH/page-$n.$1" | head -n 1 | grep -o 'http[^>"]*' || true)
        if [ -n "$next" ]; then
            grep -qiF "link: <$next>; rel=\"next\"" "$SCRATCH/head" || fail "Link is not $next"
        else
            ! grep -qi "^link:" "$SCRATCH/head" || fail "a link beyond the last page"
        fi
    done
    [ $n = 4 ] || fail "$n pages of 3 for 11 entries"
}
harvest ttl 'hydra:nextPage <[^>]*>'
grep -q '^content-type: text/turtle' <(tr 'A-Z' 'a-z' <"$SCRATCH/head") || fail "$(cat "$SCRATCH/head")"
[ "$(cat "$SCRATCH"/page-*.ttl | grep -c 'foaf:primaryTopic ')" = 11 ]
[ "$(cat "$SCRATCH"/page-*.ttl | grep -o 'foaf:primaryTopic <[^>]*>' | sort -u | wc -l)" = 11 ]
harvest jsonld '"hydra:nextPage":{"@id":"[^"]*"}'
[ "$(cat "$SCRATCH"/page-*.jsonld | grep -o '"foaf:primaryTopic"' | wc -l)" = 11 ]

# every page says how many there are: those that are shown, none that was taken down or is revoked
items() { # ADDRESS NUMBER
    curl -fsS "$1" | grep -o 'hydra:totalItems "*[0-9]*' | grep -q "[^0-9]$2\$" ||
        fail "$1 has not $2 items: $(curl -fsS "$1" | grep hydra:totalItems)"
}
second=$(grep -o 'hydra:nextPage <[^>]*>' "$SCRATCH/page-1.ttl" | grep -o 'http[^>]*')
items "$site/dcat/catalog.ttl" 11
for i in 8 9; do offer "$SCRATCH/more" "offer-$i"; done
fc solo publish "$SCRATCH/more" >/dev/null
items "$site/dcat/catalog.ttl" 13
fc solo takedown "Operator of solo" https://offers.example/offer-8 --local --reason "a test" >/dev/null 2>&1
fc solo set-status revoked https://offers.example/offer-9 >/dev/null
items "$second" 13 # as when the first was asked for
items "$site/dcat/catalog.ttl" 11
items "$second" 11
stop solo
start solo
items "${second/$site/$(sed -n 's/.*answers at //p' "$SCRATCH/solo.log" | tail -n 1)}" 11
site=$(sed -n 's/.*answers at //p' "$SCRATCH/solo.log" | tail -n 1)
fc solo export --format dcat-turtle --out "$SCRATCH/all.ttl" 2>"$SCRATCH/err"
grep -q '^11 entries exported, 1 were taken down$' "$SCRATCH/err" || fail "$(cat "$SCRATCH/err")"
fc solo export --out "$SCRATCH/all.ndjson" 2>"$SCRATCH/err"
grep -q '^12 documents exported, 1 were taken down$' "$SCRATCH/err" || fail "$(cat "$SCRATCH/err")"

# every page is a catalogue that comes in; records and proofs are where they are said to be
for page in "$SCRATCH"/page-*.ttl "$SCRATCH"/page-*.jsonld; do
    fc solo import --dry-run --keep "$page" --json | grep -q '"failed":\[\]' || fail "$page"
done
record=$(cat "$SCRATCH"/page-*.ttl | grep -o "http[^>]*/v1/participants/[^>]*/meta" | head -n 1)
record="$site/${record#http*//*/}"
curl -fsS "$record" | grep -q '"key_hash"' || fail "no record at $record"
curl -fsS "${record%/meta}/proof" | wc -c | grep -qv '^0$'

# by Accept
to() { # ACCEPT ENDING
    curl -sS -o /dev/null -w '%{http_code} %{redirect_url}' -H "Accept: $1" "$site/dcat/catalog?limit=5" |
        grep -qF "303 $site/dcat/catalog.$2?limit=5" || fail "$1 does not lead to .$2"
}
to 'text/turtle' ttl
to '*/*' ttl
to 'application/ld+json' jsonld
to 'text/turtle;q=0.9, application/ld+json;q=0.5' ttl

# what is no page
code() {
    curl -sS -o "$SCRATCH/body" -w '%{http_code}' "$site$1"
}
[ "$(code '/dcat/catalog.ttl?page=2')" = 400 ]
[ "$(code '/dcat/catalog.ttl?limit=1001')" = 400 ]
[ "$(code '/dcat/catalog.ttl?limit=1000')" = 200 ]
[ "$(code "/dcat/catalog.ttl?page=$(printf 'f%.0s' $(seq 128))")" = 200 ] # beyond the last
grep -q "a dcat:Catalog" "$SCRATCH/body"
