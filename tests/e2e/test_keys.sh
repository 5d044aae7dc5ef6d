#!/bin/bash
# Keys: who may read them, passphrases, keys that never see the node, counters, recovery.
. "$(dirname "$0")/lib.sh"

found solo
stop solo
offer "$SCRATCH/docs" a
offer "$SCRATCH/docs" b

# a key that others may read is refused, in one clear line
chmod 644 "$SCRATCH/solo/keys/feed-operator.key"
expect 1 fc solo publish "$SCRATCH/docs" 2>"$SCRATCH/err"
grep -q "feed-operator.key: refused" "$SCRATCH/err"
[ "$(wc -l <"$SCRATCH/err")" = 1 ] || fail "more than one line"
chmod 600 "$SCRATCH/solo/keys/feed-operator.key"
fc solo publish "$SCRATCH/docs" >/dev/null

# a participant whose sealed key lies elsewhere signs over the socket
mkdir "$SCRATCH/provider"
printf 'correct horse\n' >"$SCRATCH/pass"
chmod 600 "$SCRATCH/pass"
export FEDCAT_PASSPHRASE_FILE="$SCRATCH/pass"
"$FEDCAT" key new feed --seal --out "$SCRATCH/provider/feed.key" --home "$SCRATCH/none" >/dev/null
"$FEDCAT" key new recovery --out "$SCRATCH/provider/recovery.key" --home "$SCRATCH/none" >/dev/null
grep -q '^sealed ' "$SCRATCH/provider/feed.key"
"$FEDCAT" apply --name "Far Provider" --country FR --url https://far.example --node-key none \
    --feed "$SCRATCH/provider/feed.key" --recovery "$SCRATCH/provider/recovery.key" \
    --federation "$SCRATCH/charter.fcr" --out "$SCRATCH/far.app" --home "$SCRATCH/none" >/dev/null
"$FEDCAT" admit "$SCRATCH/far.app" --records "$SCRATCH/charter.fcr" --key "$SCRATCH/alice.key" \
    --key "$SCRATCH/carla.key" --out "$SCRATCH/far.cert" --home "$SCRATCH/none" >/dev/null
fc solo submit "$SCRATCH/far.cert" >/dev/null
start solo
offer "$SCRATCH/far" f1
offer "$SCRATCH/far" f2
fc solo publish "$SCRATCH/far" --key "$SCRATCH/provider/feed.key" | grep "2 published" >/dev/null
printf 'wrong\n' >"$SCRATCH/pass"
expect 1 fc solo publish "$SCRATCH/far" --key "$SCRATCH/provider/feed.key" 2>"$SCRATCH/err"
grep -q passphrase "$SCRATCH/err"
printf 'correct horse\n' >"$SCRATCH/pass"

# by file: the node prepares, the provider signs without a node, any node takes it in
offer "$SCRATCH/far" f3
fc solo prepare --participant "Far Provider" --out "$SCRATCH/f3.prepared" \
    --delete https://offers.example/f1 "$SCRATCH/far/f3.json" 2>/dev/null
expect 2 fc solo submit "$SCRATCH/f3.prepared" 2>/dev/null
"$FEDCAT" sign "$SCRATCH/f3.prepared" --key "$SCRATCH/provider/feed.key" \
    --out "$SCRATCH/f3.delta" --home "$SCRATCH/none"
"$FEDCAT" sign "$SCRATCH/f3.prepared" --key "$SCRATCH/provider/feed.key" \
    --out "$SCRATCH/f3.again" --home "$SCRATCH/none"
cmp "$SCRATCH/f3.delta" "$SCRATCH/f3.again" || fail "signed twice, differently"
# a rival at the same version is not signed
offer "$SCRATCH/far" f4
fc solo prepare --participant "Far Provider" --out "$SCRATCH/f4.prepared" \
    "$SCRATCH/far/f4.json" 2>/dev/null
expect 5 "$FEDCAT" sign "$SCRATCH/f4.prepared" --key "$SCRATCH/provider/feed.key" \
    --out "$SCRATCH/f4.delta" --home "$SCRATCH/none" 2>/dev/null
[ ! -e "$SCRATCH/f4.delta" ] || fail "a rival was written"
fc solo submit "$SCRATCH/f3.delta" 2>/dev/null
fc solo submit "$SCRATCH/f3.delta" 2>/dev/null # handing it in again does no harm
fc solo get https://offers.example/f3 >/dev/null
expect 4 fc solo get https://offers.example/f1 2>/dev/null

# a signed delta that never arrived is sent before the next one
fc solo prepare --participant "Far Provider" --out "$SCRATCH/f5.prepared" \
    "$SCRATCH/far/f4.json" 2>/dev/null
"$FEDCAT" sign "$SCRATCH/f5.prepared" --key "$SCRATCH/provider/feed.key" \
    --out "$SCRATCH/f5.delta" --home "$SCRATCH/none"
offer "$SCRATCH/last" f6
fc solo publish "$SCRATCH/last" --key "$SCRATCH/provider/feed.key" >/dev/null
fc solo get https://offers.example/f4 >/dev/null
fc solo get https://offers.example/f6 >/dev/null

# a key without its counter cannot sign; the recovery key opens a new incarnation
stop solo
rm "$SCRATCH/solo/keys/feed-operator.key.count"*
offer "$SCRATCH/docs" c
expect 5 fc solo publish "$SCRATCH/docs" 2>/dev/null
expect 4 fc solo get https://offers.example/c 2>/dev/null

# recovering one participant leaves the keys of another alone
cp "$SCRATCH/solo/keys/feed-operator.key" "$SCRATCH/before"
recovery="$SCRATCH/provider/recovery.key"
expect 2 fc solo recover "Far Provider" --recovery "$recovery" 2>/dev/null
expect 2 fc solo recover "Far Provider" --recovery "$recovery" --name operator 2>/dev/null
fc solo recover "Far Provider" --recovery "$recovery" --name far >/dev/null 2>&1
cmp "$SCRATCH/before" "$SCRATCH/solo/keys/feed-operator.key"
offer "$SCRATCH/far" f7
fc solo publish "$SCRATCH/far" --as far | grep "version 2\." >/dev/null
fc solo recover "Far Provider" --recovery "$recovery" >/dev/null 2>&1 # it has a name here now
fc solo publish "$SCRATCH/far" --as far | grep "version 3\." >/dev/null
fc solo recover "Operator of solo" >/dev/null 2>&1
fc solo publish "$SCRATCH/docs" >/dev/null
fc solo get https://offers.example/c >/dev/null
fc solo verify >/dev/null
