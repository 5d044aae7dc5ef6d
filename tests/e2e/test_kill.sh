#!/bin/bash
# kill -9 at random moments of publishing on a running node: what it acknowledged is there after the
# restart, and the feed is never forked. A second node follows all the while.
. "$(dirname "$0")/lib.sh"

found victim witness
start witness
: >"$SCRATCH/acknowledged"
RANDOM=7
rounds=12
[ -z "${FEDCAT_SANITIZED:-}" ] || rounds=4
for round in $(seq 1 $rounds); do
    (
        for i in $(seq 1 40); do
            name="r$round-$i"
            printf '{"id":"https://kill.example/%s","type":"x"}' "$name" |
                fc victim publish - >/dev/null 2>&1 || exit 0
            echo "$name" >>"$SCRATCH/acknowledged"
        done
    ) &
    writer=$!
    # once it takes documents, at a random moment
    eventually 20 grep -q "^r$round-" "$SCRATCH/acknowledged"
    sleep "0.$((RANDOM % 4))$((RANDOM % 10))"
    kill_hard victim
    wait $writer || true
    start victim
done
count=$(wc -l <"$SCRATCH/acknowledged")
[ "$count" -gt 20 ] || fail "only $count were acknowledged: the test saw nothing"
fc victim list >"$SCRATCH/held"
while read -r name; do
    grep -q "/$name\$" "$SCRATCH/held" || fail "$name was acknowledged and is lost"
done <"$SCRATCH/acknowledged"
eventually 30 same_digest victim witness
fc witness participants --json | grep '"contested":true' && fail "the feed was forked"
fc victim verify >/dev/null
fc witness verify >/dev/null
echo "$count acknowledged, none lost"
