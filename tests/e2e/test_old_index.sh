#!/bin/bash
# A node that is started on a store of a version with another search index makes it again, says how
# far it is, and then answers; the next start has nothing to do.
. "$(dirname "$0")/lib.sh"
: "${AGE_INDEX:?the program that makes an index old}"

found solo
fc solo publish "$(dirname "$0")/../../node/samples/fr" >/dev/null
answers() { # what is equal has no order that outlives an index
    fc solo search health OR data --facets --json |
        jq -c '[.total, (.facets | map_values(.values | sort)), ([.hits[].key] | sort)]'
}
before=$(answers)
entries=$(fc solo status --json | jq .entries)
[ "$(jq .[0] <<<"$before")" -gt 0 ] || fail "nothing is found before: $before"
[ "$entries" -gt 0 ] || fail "how many entries there are: $entries"

stop solo
"$AGE_INDEX" "$SCRATCH/solo/store" || fail "the index was not made old"
: >"$SCRATCH/solo.log"
start solo
grep -q 'the search index is made again' "$SCRATCH/solo.log" || fail "the log does not say it"
grep -q "search index: $entries of $entries entries" "$SCRATCH/solo.log" || fail "nor how far it is"
[ "$(answers)" = "$before" ] || fail "it answers $(answers) instead of $before"
url=$(sed -n 's/.*answers at //p' "$SCRATCH/solo.log" | tail -n 1)
[ "$(curl -s "$url/v1/search?q=health+OR+data" | jq .total)" = "$(jq .[0] <<<"$before")" ] ||
    fail "over HTTP it answers otherwise"
fc solo verify >/dev/null || fail "the index is not what the entries say"

stop solo
: >"$SCRATCH/solo.log"
start solo
! grep -q 'search index' "$SCRATCH/solo.log" || fail "it is made again with every start"
[ "$(answers)" = "$before" ] || fail "after a restart it answers $(answers)"

# without a node a command says what to do, and that does
stop solo
"$AGE_INDEX" "$SCRATCH/solo/store" || fail "the index was not made old again"
refused 4 "fedcat reindex makes it" fc solo search health
fc solo reindex >/dev/null
[ "$(answers)" = "$before" ] || fail "after fedcat reindex it answers $(answers)"
