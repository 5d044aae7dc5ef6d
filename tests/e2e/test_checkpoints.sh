#!/bin/bash
# Nodes compare what they hold and sign what they see: status says with whom, when, and who does not
# agree; a proof carries the dates.
. "$(dirname "$0")/lib.sh"

quick() {
    sed -i 's/^checkpoint_seconds:.*/checkpoint_seconds: 2/' "$SCRATCH/$1/fedcat.yaml"
    grep -q "^checkpoint_seconds: 2" "$SCRATCH/$1/fedcat.yaml" || fail "the setting has moved"
}
again() {
    stop "$1"
    start "$1"
}

found one
for node in two three; do
    fc "$node" init --listen "tcp://127.0.0.1:*" >/dev/null
    fc "$node" join "$SCRATCH/bootstrap.json" >/dev/null
    admit "$node" 2>/dev/null
    fc one submit "$SCRATCH/$node.cert" >/dev/null
    quick "$node"
    start "$node"
done
quick one
again one
offer "$SCRATCH/offers" first
fc one publish "$SCRATCH/offers" >/dev/null
eventually 60 same_digest one two three

# what another signed agrees with what is held here
agrees() {
    [ "$(fc "$1" status --json | field checkpoints_agreeing)" -gt 1 ]
}
for node in one two three; do
    eventually 60 agrees "$node"
done
in_sync() {
    fc two status >"$SCRATCH/status"
    grep -q "^in sync with 2 of 2 peers" "$SCRATCH/status"
}
eventually 60 in_sync
grep -q "^checkpoints the last that agrees with this node was signed" "$SCRATCH/status" ||
    fail "no word of checkpoints: $(cat "$SCRATCH/status")"
fc two status --json | grep -q '"checkpoints_differing":\[\]' || fail "somebody differs"

# on contact all that is held is compared
again two
compared() {
    fc two status | grep -Eq "^compared    .* ago with Operator of (one|three): nothing is missing here"
}
eventually 60 compared
[ "$(fc two status --json | field audits_lacking)" = 0 ] || fail "a cursor said too much"

# records say what was signed, and a proof has a date of today
fc one log --json 2>/dev/null | grep -q checkpoint || fail "the log has no checkpoint"
fc two prove https://offers.example/first -o "$SCRATCH/proof" >/dev/null
fc two check-proof "$SCRATCH/proof" --federation "$SCRATCH/charter.fcr" >"$SCRATCH/out"
grep -q "checkpoint     $(date -u +%Y)-" "$SCRATCH/out" || fail "no date: $(cat "$SCRATCH/out")"

# a stopped node knows of none of this, and says nothing of it
stop two
fc two status >"$SCRATCH/status"
grep -q "compared" "$SCRATCH/status" && fail "it says with whom it compares, though it does not run"
echo "checkpoints agree and are shown"
