#!/bin/bash
# From nothing to three nodes that agree; one is killed, misses changes, and catches up.
. "$(dirname "$0")/lib.sh"

found north south east
start south
start east
eventually 20 same_digest north south east

for i in $(seq 1 25); do
    offer "$SCRATCH/docs" "north-$i"
done
fc north publish "$SCRATCH/docs" | grep -q "25 published, 0 unchanged, 0 failed"
eventually 20 fc east get https://offers.example/north-25
eventually 20 same_digest north south east
cmp <(fc south get https://offers.example/north-7) "$SCRATCH/docs/north-7.json" ||
    fail "bytes differ"

# the same bytes again change nothing
before=$(digest north)
fc north publish "$SCRATCH/docs" | grep -q "0 published, 25 unchanged"
[ "$(digest north)" = "$before" ] || fail "publishing again changed something"

# one is killed; meanwhile things change
kill_hard south
offer "$SCRATCH/docs" north-3 "changed"
offer "$SCRATCH/more" east-1
fc north publish "$SCRATCH/docs" | grep -q "1 published, 24 unchanged"
fc north delete https://offers.example/north-9 https://offers.example/north-10 >/dev/null
fc north set-status deprecated https://offers.example/north-11 >/dev/null
fc east publish "$SCRATCH/more" >/dev/null
eventually 20 same_digest north east
start south
eventually 30 same_digest north south east
expect 4 fc south get https://offers.example/north-9 2>/dev/null
fc south list --status deprecated | grep -q north-11
fc south get https://offers.example/north-3 | grep -q changed

# in sync, with whom
eventually 20 bash -c "'$FEDCAT' status --home '$SCRATCH/south' | grep -q 'in sync with [12]'"
fc south peers --json | grep '"in_sync":true' >/dev/null
[ "$(fc south status --json | field entries)" = 24 ] || fail "status counts wrongly"

# a proof that needs no node
fc south prove https://offers.example/north-3 --out "$SCRATCH/n3.proof" 2>/dev/null
federation=$(fc south status --json | field federation)
"$FEDCAT" check-proof "$SCRATCH/n3.proof" --federation "$federation" \
    --content "$SCRATCH/proven.json" --home "$SCRATCH/none" | grep -q proven
cmp "$SCRATCH/proven.json" "$SCRATCH/docs/north-3.json" || fail "proof holds other bytes"
fc south prove https://offers.example/north-9 --participant "Operator of north" \
    --out "$SCRATCH/n9.proof" 2>/dev/null
"$FEDCAT" check-proof "$SCRATCH/n9.proof" --federation "$federation" --home "$SCRATCH/none" |
    grep -q "proven absent"
printf 'X' | dd of="$SCRATCH/n3.proof" bs=1 seek=600 conv=notrunc 2>/dev/null
expect 5 "$FEDCAT" check-proof "$SCRATCH/n3.proof" --federation "$federation" \
    --home "$SCRATCH/none" 2>/dev/null

for node in north south east; do
    fc $node verify >/dev/null || fail "$node is damaged"
    stop $node
done
# every command works without a running node, too
same_digest north south east || fail "digests differ after the stop"
fc south list --participant "Operator of east" | grep -q east-1
fc north history "Operator of north" | grep delete >/dev/null
fc east export --out "$SCRATCH/all.ndjson" 2>/dev/null
[ "$(wc -l <"$SCRATCH/all.ndjson")" = 24 ] || fail "export is not whole"
