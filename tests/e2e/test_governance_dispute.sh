#!/bin/bash
# Two rival charters: both nodes say that governance is halted, feeds go on, and each operator
# settles it for their own node, one of them first.
. "$(dirname "$0")/lib.sh"

disputed() { [ "$(fc "$1" status --json | jq .disputed)" = true ]; }
settled() { [ "$(fc "$1" status --json | jq .disputed)" = false ]; }
listed() { fc "$1" participants | grep "$2"; }
publishes() { # NODE NAME: and both have it
    offer "$SCRATCH/$1-docs" "$2"
    fc "$1" publish "$SCRATCH/$1-docs" | grep -q "1 published"
    eventually 20 fc one get "https://offers.example/$2"
    eventually 20 fc two get "https://offers.example/$2"
}

found one two
start two
publishes one before
for rival in left right; do
    fc one charter rotate --name "Rival $rival" --key "$SCRATCH/alice.key" \
        --key "$SCRATCH/carla.key" --out "$SCRATCH/$rival.fcr" >/dev/null
done
hash_of() { fc one show "$SCRATCH/$1.fcr" --json | jq -r '.[1].hash'; }
left=$(hash_of left) right=$(hash_of right)

# handed in at two nodes, the rivals meet
fc one submit "$SCRATCH/left.fcr" --quiet
fc two submit "$SCRATCH/right.fcr" --quiet
for node in one two; do
    eventually 20 disputed $node
    fc $node status >"$SCRATCH/out"
    grep -q "DISPUTED" "$SCRATCH/out" || fail "status of $node says nothing"
    refused 0 "charter pin" fc $node charter show
    fc $node charter show --json 2>/dev/null | jq -e '.version == 1' >/dev/null
    fc $node log --type charter --full >"$SCRATCH/out"
    grep -q "$left" "$SCRATCH/out" && grep -q "$right" "$SCRATCH/out" ||
        fail "$node does not show both rivals"
done
fc one log --type evidence | grep -q "two charters that contradict each other"

# what counted before goes on; what is signed meanwhile is told what becomes of it
publishes one while-one
publishes two while-two
fc late init >/dev/null 2>&1
fc late apply --name Latecomer --country IT --url https://late.example \
    --federation "$SCRATCH/charter.fcr" --out "$SCRATCH/late.app" >/dev/null
fc one admit "$SCRATCH/late.app" --quiet --key "$SCRATCH/alice.key" --key "$SCRATCH/carla.key" \
    --out "$SCRATCH/late.cert" --submit >/dev/null 2>"$SCRATCH/err"
[ "$(wc -l <"$SCRATCH/err")" = 1 ] && grep -q "governance is halted" "$SCRATCH/err" ||
    fail "no word of the halt: $(cat "$SCRATCH/err")"

# a pin of something else settles nothing
refused 4 "no charter of that hash" fc one charter pin "${left//[0-9]/0}"
refused 2 "64 hexadecimal digits" fc one charter pin left
disputed one

# one operator decides; the other's node stays as it is, and both go on to publish
fc one charter pin "$left" --quiet
settled one || fail "still halted where it was settled"
fc one charter show 2>"$SCRATCH/err" | grep -q "Rival left"
[ ! -s "$SCRATCH/err" ] || fail "said after it was settled: $(cat "$SCRATCH/err")"
disputed two || fail "one operator settled it for another"
publishes one after-one
publishes two after-two
listed one Latecomer && fail "admitted during the halt and carried over by nobody"

# the other operator may see it otherwise, and change their mind
fc two charter pin "$right" --quiet
settled two
fc two charter show | grep -q "Rival right"
fc two charter pin "$left" --quiet
fc two charter show | grep -q "Rival left"

# also with the node stopped, and after it starts again
stop two
settled two
fc two charter pin "$right" --quiet
fc two charter pin "$left" --quiet
start two
settled two
publishes two again

# governance goes on from the charter that both have chosen
fc one admit "$SCRATCH/late.app" --quiet --key "$SCRATCH/alice.key" --key "$SCRATCH/carla.key" \
    --out "$SCRATCH/late.cert" --submit >/dev/null
eventually 20 listed two Latecomer
eventually 20 same_digest one two
