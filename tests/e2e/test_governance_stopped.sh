#!/bin/bash
# Governance on a node that does not run: what is handed in then reaches the others when it starts;
# and an impostor's application renews nobody.
. "$(dirname "$0")/lib.sh"

missing_at() { ! fc "$1" get "$2" >/dev/null 2>&1; }
state_is() { fc "$1" participants | grep "Operator of $2" | grep -q "$3"; }
second_at() { fc "$1" charter show | grep "charter 2 of Second"; }
both=(--key "$SCRATCH/alice.key" --key "$SCRATCH/bruno.key" --submit --quiet)

found one two
start two
for i in 1 2 3; do offer "$SCRATCH/one-docs" "o$i"; done
for i in 1 2; do offer "$SCRATCH/two-docs" "t$i"; done
fc one publish "$SCRATCH/one-docs" >/dev/null
fc two publish "$SCRATCH/two-docs" >/dev/null
eventually 20 same_digest one two
stop one

# everything below happens on the stopped node
fc one takedown "Operator of two" https://offers.example/t1 --reason "not theirs" "${both[@]}" \
    --out "$SCRATCH/td" >/dev/null
expect 4 fc one get https://offers.example/t1 2>"$SCRATCH/err"
grep -q "taken down" "$SCRATCH/err"
refused 4 "not found" fc one takedown "Operator of two" https://offers.example/none --local
refused 4 "no participant" fc one takedown "Nobody" https://offers.example/t2 --local
fc one takedown "Operator of two" https://offers.example/t2 --local --quiet
expect 4 fc one get https://offers.example/t2 2>/dev/null
fc one takedown "Operator of two" https://offers.example/t2 --local --lift --quiet
refused 2 "incarnation.number" fc one revoke "Operator of two" --last-valid latest
fc one revoke "Operator of one" --freeze --reason audit "${both[@]}" --out "$SCRATCH/rv" >/dev/null
state_is one one frozen
refused 5 "revoked or frozen" fc one publish "$SCRATCH/two-docs"
fc one recover "Operator of one" --quiet >/dev/null
fc one charter rotate --name "Second" "${both[@]}" --out "$SCRATCH/second.fcr" >/dev/null
second_at one >/dev/null
state_is one one frozen # carried over

# the other node goes on without it, and hears of all that when it is back
fc two get https://offers.example/t1 >/dev/null
state_is two one frozen && fail "heard of it too early"
start one
eventually 20 missing_at two https://offers.example/t1
eventually 20 state_is two one frozen
eventually 20 second_at two
eventually 20 fc one get https://offers.example/t2 # given back, pulled from its owner
stop one

# an application in somebody's name, with keys of its own, renews nobody
victim=$(fc one participants --json | jq -r 'select(.name == "Operator of two") | .participant')
fc impostor init >/dev/null 2>&1
apply=(fc impostor apply --name "Operator of two" --country DE --url https://two.example --quiet
    --federation "$SCRATCH/charter.fcr" --out "$SCRATCH/impostor.app")
"${apply[@]}" --participant "$victim" >/dev/null
refused 5 "recovery key" fc one admit "$SCRATCH/impostor.app" "${both[@]}" --out "$SCRATCH/new"
[ ! -e "$SCRATCH/new" ] || fail "an impostor was certified"
"${apply[@]}" --participant "${victim//[0-9]/a}" >/dev/null
refused 5 "not known here" fc one admit "$SCRATCH/impostor.app" "${both[@]}" --out "$SCRATCH/new"
refused 2 "no participant's id" "${apply[@]}" --participant "Operator of two"

# the participant itself, with the key it has after its recovery, is renewed: the freeze is lifted
fc one apply --name "Operator of one" --country DE --url https://one.example --quiet \
    --out "$SCRATCH/renewal.app" >/dev/null
fc one admit "$SCRATCH/renewal.app" "${both[@]}" --out "$SCRATCH/renewal.cert" >/dev/null
[ "$(fc one participants --json | jq -s length)" = 2 ] || fail "it is another participant now"
offer "$SCRATCH/one-docs" o4
fc one publish "$SCRATCH/one-docs" | grep -q "1 published, 3 unchanged"
start one
eventually 20 fc two get https://offers.example/o4
state_is two one " 2\.[0-9]* .* ok" || fail "not in the incarnation of its recovery"
eventually 20 same_digest one two

# removed while stopped, gone on the other node
stop one
fc one revoke "Operator of one" --remove --reason left "${both[@]}" --out "$SCRATCH/rv" >/dev/null
start one
eventually 20 missing_at two https://offers.example/o4
fc one verify >/dev/null
fc two verify >/dev/null
