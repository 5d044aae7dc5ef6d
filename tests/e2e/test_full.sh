#!/bin/bash
# A full disk under a running node: reported once, reads go on, and with room again all goes on.
. "$(dirname "$0")/lib.sh"

mkdir "$SCRATCH/solo"
mount -t tmpfs -o size=6m,mode=0700 tmpfs "$SCRATCH/solo" 2>/dev/null || exit 77
at_end() {
    umount "$SCRATCH/solo"
}

found solo
head -c 1500000 /dev/zero >"$SCRATCH/solo/ballast"
offer "$SCRATCH/docs" first
fc solo publish "$SCRATCH/docs" >/dev/null

# documents that do not compress, until the disk is full
python3 - "$SCRATCH/lines.ndjson" <<'END'
import base64, random, sys
random.seed(1)
with open(sys.argv[1], "w") as out:
    for i in range(300):
        text = base64.b64encode(random.randbytes(20000)).decode()
        out.write('{"id":"https://full.example/%d","type":"x","text":"%s"}\n' % (i, text))
END
expect 1 fc solo publish "$SCRATCH/lines.ndjson" >/dev/null 2>"$SCRATCH/err"
grep -qi "no space left" "$SCRATCH/err" || fail "$(cat "$SCRATCH/err")"
fc solo get https://offers.example/first >/dev/null || fail "reads do not go on"
held=$(fc solo status --json | field entries)
sleep 2
kill -0 "${PID[solo]}" || fail "the node is gone"
[ "$(grep -c "cannot write to the store" "$SCRATCH/solo.log")" = 1 ] || fail "not logged once"

rm "$SCRATCH/solo/ballast"
offer "$SCRATCH/docs" second
eventually 30 fc solo publish "$SCRATCH/docs"
fc solo get https://offers.example/second >/dev/null
[ "$(fc solo status --json | field entries)" -ge "$held" ] || fail "entries were lost"
fc solo verify >/dev/null
stop solo
fc solo verify >/dev/null
