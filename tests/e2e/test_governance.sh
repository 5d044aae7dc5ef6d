#!/bin/bash
# Governors at work on a running federation: admission, renewal, freezing, removal, takedowns.
. "$(dirname "$0")/lib.sh"

# governors COMMAND...: signed by two, handed to node one
governed() {
    local out="$SCRATCH/governed.fcr"
    fc one "$@" --key "$SCRATCH/alice.key" --out "$out" >/dev/null 2>>"$SCRATCH/governed.log"
    fc one cosign "$out" --key "$SCRATCH/carla.key" >/dev/null 2>>"$SCRATCH/governed.log"
    fc one submit "$out" >/dev/null 2>>"$SCRATCH/governed.log"
}
missing_at() { ! fc "$1" get "$2" >/dev/null 2>&1; }

found one two
start two
for i in 1 2 3; do offer "$SCRATCH/docs" "d$i"; done
fc one publish "$SCRATCH/docs" >/dev/null
eventually 20 same_digest one two

# one signature of two is not enough, a stranger's does not count, the same one twice neither
fc one revoke "Operator of one" --reason no --key "$SCRATCH/alice.key" --out "$SCRATCH/short.fcr" >/dev/null
expect 5 fc one submit "$SCRATCH/short.fcr" 2>"$SCRATCH/err"
grep -q "not enough valid signatures" "$SCRATCH/err" || fail "unclear: $(cat "$SCRATCH/err")"
"$FEDCAT" key new governor --out "$SCRATCH/stranger.key" --home "$SCRATCH" >/dev/null
fc one cosign "$SCRATCH/short.fcr" --key "$SCRATCH/stranger.key" 2>/dev/null | grep -q "1 of 2"
expect 5 fc one submit "$SCRATCH/short.fcr" 2>/dev/null
fc one cosign "$SCRATCH/short.fcr" --key "$SCRATCH/alice.key" 2>/dev/null | grep -q "1 of 2"
expect 5 fc one submit "$SCRATCH/short.fcr" 2>/dev/null
fc two participants | grep "Operator of one" | grep -q ok

# an application for another federation is refused
"$FEDCAT" federation new --name Other --governor "Alice,FR,$SCRATCH/alice.key" \
    --key "$SCRATCH/alice.key" --out "$SCRATCH/other.fcr" --home "$SCRATCH" >/dev/null
expect 5 "$FEDCAT" admit "$SCRATCH/one.app" --records "$SCRATCH/other.fcr" \
    --key "$SCRATCH/alice.key" --home "$SCRATCH" 2>/dev/null

# a renewed certificate: the feed goes on where it stands
governed admit "$SCRATCH/one.app"
offer "$SCRATCH/docs" d4
fc one publish "$SCRATCH/docs" | grep -q "1 published, 3 unchanged"
eventually 20 fc two get https://offers.example/d4

# a content withheld on one node, and given back; the entry stays
fc two takedown "Operator of one" https://offers.example/d1 --local --reason "court order" 2>/dev/null
expect 4 fc two get https://offers.example/d1 2>"$SCRATCH/err"
grep -q "taken down" "$SCRATCH/err" || fail "unclear: $(cat "$SCRATCH/err")"
fc two list | grep -q "offers.example/d1"
fc one get https://offers.example/d1 >/dev/null
fc two takedown "Operator of one" https://offers.example/d1 --local --lift 2>/dev/null
eventually 20 fc two get https://offers.example/d1

# by governors: everywhere, with its proof intact
governed takedown "Operator of one" https://offers.example/d2 --reason "not an offer"
eventually 20 missing_at two https://offers.example/d2
expect 4 fc one get https://offers.example/d2 2>/dev/null
fc two prove https://offers.example/d2 --out "$SCRATCH/d2.proof" 2>/dev/null
"$FEDCAT" check-proof "$SCRATCH/d2.proof" --federation "$SCRATCH/charter.fcr" \
    --home "$SCRATCH/none" | grep -q "^proven"

# frozen at what is held: what is there stays, nothing new is taken
governed revoke "Operator of one" --freeze --reason "key stolen"
eventually 20 bash -c "'$FEDCAT' participants --home '$SCRATCH/two' | grep 'Operator of one' | grep -q frozen"
offer "$SCRATCH/docs" d5
expect 5 fc one publish "$SCRATCH/docs" >/dev/null 2>&1
fc two get https://offers.example/d4 >/dev/null

# admitted again, it goes on; removed, it is gone
governed admit "$SCRATCH/one.app"
fc one publish "$SCRATCH/docs" >/dev/null
eventually 20 fc two get https://offers.example/d5
governed revoke "Operator of one" --remove --reason "left the federation"
eventually 20 missing_at two https://offers.example/d4
[ "$(fc two list --json | wc -l)" = 0 ] || fail "entries of a removed feed are listed"

# the record of it, for people and programs, with the node running and not
for state in running stopped; do
    fc one log | grep certificate | grep -q "signed by .*Alice"
    fc one log --json | jq -e 'map(select(.type == "revocation")) | length == 2' >/dev/null ||
        fail "the log lacks a revocation ($state)"
    fc one charter show --json | jq -e '.governors | length == 3' >/dev/null
    fc one show "$SCRATCH/governed.fcr" --json | jq -e '.[0].signed_by | length == 2' >/dev/null
    fc one participants --json | jq -es 'length >= 1' >/dev/null
    [ $state = stopped ] || stop one
done

# files that are no records
: >"$SCRATCH/empty"
head -c 40 "$SCRATCH/governed.fcr" >"$SCRATCH/cut"
for bad in empty cut one.app; do
    expect 2 fc one submit "$SCRATCH/$bad" 2>"$SCRATCH/err"
    [ "$(wc -l <"$SCRATCH/err")" = 1 ] && grep -q "$bad" "$SCRATCH/err" ||
        fail "not one clear line about $bad: $(cat "$SCRATCH/err")"
done
stop two
