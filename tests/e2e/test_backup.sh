#!/bin/bash
# A backup that is taken while the node runs; a restored node catches up and never forks itself.
. "$(dirname "$0")/lib.sh"

# What is in the catalogue, and not which heartbeats were signed meanwhile.
entries() { fc "$1" list --json | jq -c '[.. | objects | .key? // empty] | sort'; }

found one two
start two
for i in 1 2 3; do offer "$SCRATCH/docs" "d$i"; done
fc one publish "$SCRATCH/docs" >/dev/null
fc one backup "$SCRATCH/backup" 2>/dev/null
[ -z "$(find "$SCRATCH/backup" -name '*.key*')" ] || fail "keys are in the backup"
expect 1 fc one backup "$SCRATCH/backup" 2>/dev/null # never over an old one

# the node goes on, then loses its store
for i in 4 5; do offer "$SCRATCH/docs" "d$i"; done
fc one publish "$SCRATCH/docs" >/dev/null
fc one delete https://offers.example/d1 >/dev/null
eventually 20 same_digest one two
wanted=$(entries two)
stop one
expect 1 fc one restore "$SCRATCH/backup" 2>/dev/null # a store is here
fc one restore --force "$SCRATCH/backup" 2>/dev/null
[ "$(entries one)" != "$wanted" ] || fail "the backup is not older"

# behind its counter and without peers it does not sign another version 2
stop two
offer "$SCRATCH/other" e1
fc one publish "$SCRATCH/other" >"$SCRATCH/out" 2>&1 && status=0 || status=$?
[ $status = 5 ] || fail "a restored node signed: $(cat "$SCRATCH/out")"

# caught up, it goes on where it was
start two
start one
eventually 30 same_digest one two
[ "$(entries one)" = "$wanted" ] || fail "what was lost did not come back"
fc one publish "$SCRATCH/other" | grep "1 published" >/dev/null
eventually 20 same_digest one two
fc one participants --json | grep '"contested":true' && fail "the restored node forked itself"

# on a new machine: no keys, no counters, but a whole catalogue
mkdir "$SCRATCH/three"
fc three restore "$SCRATCH/backup" 2>/dev/null
fc three get https://offers.example/d2 >/dev/null
fc three verify >/dev/null
