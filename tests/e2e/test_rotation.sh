#!/bin/bash
# The charter is replaced on a running federation; then two rival successors halt governance.
. "$(dirname "$0")/lib.sh"

version_is() { [ "$(fc "$1" status --json | field charter_version)" = "$2" ]; }
disputed() { [ "$(fc "$1" status --json | field disputed)" = true ]; }

found one two
start two
offer "$SCRATCH/docs" d1
fc one publish "$SCRATCH/docs" >/dev/null
eventually 20 same_digest one two

# Bruno leaves, Dora comes; without a quorum of the old governors nothing happens
"$FEDCAT" key new governor --out "$SCRATCH/dora.key" --home "$SCRATCH" >/dev/null
fc one charter rotate --drop Bruno --add "Dora,ES,$SCRATCH/dora.key" --key "$SCRATCH/dora.key" \
    --key "$SCRATCH/alice.key" --out "$SCRATCH/next.fcr" >/dev/null
expect 5 fc one submit "$SCRATCH/next.fcr" 2>/dev/null
version_is one 1
fc one charter sign "$SCRATCH/next.fcr" --key "$SCRATCH/carla.key" >/dev/null 2>&1
fc one submit "$SCRATCH/next.fcr" 2>/dev/null
eventually 20 version_is two 2
offer "$SCRATCH/docs" d2
fc one publish "$SCRATCH/docs" | grep -q "1 published"
eventually 20 fc two get https://offers.example/d2
fc two charter show | grep -q Dora

# a certificate that Alice and the retired Bruno sign under the old charter counts for nothing
mkdir "$SCRATCH/late"
fc late init >/dev/null 2>&1
fc late apply --name Latecomer --country IT --url https://late.example \
    --federation "$SCRATCH/charter.fcr" --out "$SCRATCH/late.app" >/dev/null
"$FEDCAT" admit "$SCRATCH/late.app" --records "$SCRATCH/charter.fcr" --key "$SCRATCH/alice.key" \
    --key "$SCRATCH/bruno.key" --out "$SCRATCH/late.cert" --home "$SCRATCH" >/dev/null 2>&1
fc one submit "$SCRATCH/late.cert" >/dev/null 2>&1 || true
fc one participants | grep -q Latecomer && fail "a retired governor admitted somebody"

# under the new one it does
fc one admit "$SCRATCH/late.app" --key "$SCRATCH/alice.key" --key "$SCRATCH/dora.key" \
    --out "$SCRATCH/late.cert" >/dev/null 2>&1
fc one submit "$SCRATCH/late.cert" 2>/dev/null
eventually 20 bash -c "'$FEDCAT' participants --home '$SCRATCH/two' | grep -q Latecomer"

# two successors of charter 2, both with their quorums
for rival in left right; do
    fc one charter rotate --name "Rival $rival" --key "$SCRATCH/alice.key" \
        --key "$SCRATCH/carla.key" --out "$SCRATCH/$rival.fcr" >/dev/null
done
fc one submit "$SCRATCH/left.fcr" 2>/dev/null
eventually 20 version_is two 3
fc two submit "$SCRATCH/right.fcr" >/dev/null 2>&1
eventually 20 disputed one
eventually 20 disputed two
fc one charter show 2>"$SCRATCH/err" >/dev/null
grep -q "charter pin" "$SCRATCH/err" || fail "no word on how to settle it"
offer "$SCRATCH/docs" d3
fc one publish "$SCRATCH/docs" | grep -q "1 published"
eventually 20 fc two get https://offers.example/d3

# each operator settles it for their node
left=$("$FEDCAT" show "$SCRATCH/left.fcr" --json --home "$SCRATCH" |
    jq -r '.[] | select(.type == "charter") | .hash')
for node in one two; do
    fc $node charter pin "$left" 2>/dev/null
    disputed $node && fail "$node is still halted"
    fc $node charter show | grep -q "Rival left"
done
offer "$SCRATCH/docs" d4
fc one publish "$SCRATCH/docs" | grep -q "1 published"
eventually 20 fc two get https://offers.example/d4
stop one
stop two
fc one charter show | grep -q "Rival left" # also after a restart
fc one verify >/dev/null
