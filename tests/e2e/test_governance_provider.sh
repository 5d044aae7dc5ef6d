#!/bin/bash
# A provider whose sealed keys never see a node: one node prepares, the provider signs, another node
# takes it in; its feed key is replaced by one made at home.
. "$(dirname "$0")/lib.sh"

home="$SCRATCH/provider"
mkdir "$home"
printf 'correct horse battery\n' >"$SCRATCH/pass"
chmod 600 "$SCRATCH/pass"
at_home() { "$FEDCAT" "$@" --home "$home" --passphrase-file "$SCRATCH/pass"; }
has() { fc "$1" get "https://offers.example/$2"; }
state_is() { fc "$1" participants | grep "Far Provider" | grep -q "$2"; }

found one two
start two
at_home key new feed --seal --out "$home/feed.key" >/dev/null
at_home key new recovery --seal --out "$home/recovery.key" >/dev/null
grep -q '^sealed ' "$home/feed.key"
[ "$(stat -c %a "$home/feed.key")" = 600 ]
at_home apply --name "Far Provider" --country FR --url https://far.example --node-key none \
    --feed "$home/feed.key" --recovery "$home/recovery.key" --federation "$SCRATCH/charter.fcr" \
    --out "$SCRATCH/far.app" >/dev/null
fc one admit "$SCRATCH/far.app" --quiet --key "$SCRATCH/alice.key" --key "$SCRATCH/bruno.key" \
    --out "$SCRATCH/far.cert" --submit >/dev/null
eventually 20 state_is two ok

# prepare at one, sign at home, hand in at two; then both nodes stopped
carry() { # NAME: of a document
    offer "$SCRATCH/$1-docs" "$1"
    fc one prepare -p "Far Provider" "$SCRATCH/$1-docs" --out "$SCRATCH/prepared" --quiet \
        2>/dev/null
    at_home sign "$SCRATCH/prepared" --key "$home/feed.key" --out "$SCRATCH/signed" --quiet
    fc two submit "$SCRATCH/signed" --quiet
}
carry first
eventually 20 has one first
cmp <(has one first) "$SCRATCH/first-docs/first.json"
at_home sign "$SCRATCH/prepared" --key "$home/feed.key" --out "$SCRATCH/again" --quiet
cmp "$SCRATCH/signed" "$SCRATCH/again" || fail "signed twice, differently"
expect 0 fc one submit "$SCRATCH/signed" --json >"$SCRATCH/out"
jq -e '.taken == "delta"' "$SCRATCH/out" >/dev/null
stop one
stop two
carry second
has two second >/dev/null
start one
start two
eventually 20 has one second

# without the passphrase nothing is signed, and the counter does not move
offer "$SCRATCH/third-docs" third
fc one prepare -p "Far Provider" "$SCRATCH/third-docs" --out "$SCRATCH/prepared" 2>/dev/null
cat "$home"/feed.key* >"$SCRATCH/before"
rm -f "$SCRATCH/signed"
sign=(at_home sign "$SCRATCH/prepared" --key "$home/feed.key" --out "$SCRATCH/signed")
chmod 644 "$SCRATCH/pass"
refused 1 "feed.key" "${sign[@]}"
chmod 600 "$SCRATCH/pass"
mv "$SCRATCH/pass" "$SCRATCH/right"
printf 'wrong\n' >"$SCRATCH/pass"
chmod 600 "$SCRATCH/pass"
refused 1 "passphrase" "${sign[@]}"
: >"$SCRATCH/pass"
refused 1 "passphrase" "${sign[@]}"
mv "$SCRATCH/right" "$SCRATCH/pass"
chmod 644 "$home/feed.key"
refused 1 "feed.key: refused" "${sign[@]}"
chmod 600 "$home/feed.key"
cmp "$SCRATCH/before" <(cat "$home"/feed.key*) || fail "the key or its counter changed"
[ ! -e "$SCRATCH/signed" ] || fail "something was signed"
refused 2 "is a recovery key" at_home sign "$SCRATCH/prepared" --key "$home/recovery.key" \
    --out "$SCRATCH/signed"

refused 4 "no/where" at_home sign "$SCRATCH/prepared" --key "$home/feed.key" \
    --out "$SCRATCH/no/where"
at_home sign "$SCRATCH/prepared" --key "$home/feed.key" --out "$SCRATCH/signed" # the same again
rm "$SCRATCH/signed"

# somebody else's key does not sign for it, and no node takes it in
refused 5 "" at_home sign "$SCRATCH/prepared" --key "$SCRATCH/two/keys/feed-operator.key" \
    --out "$SCRATCH/signed"

# the counter is lost: nothing is signed until the recovery key has opened a new incarnation
rm "$home"/feed.key.count*
refused 5 "fedcat recover" "${sign[@]}"
at_home key new feed --seal --out "$home/feed-2.key" >/dev/null
recover=("$FEDCAT" recover "Far Provider" --home "$SCRATCH/one" --passphrase-file "$SCRATCH/pass"
    --recovery "$home/recovery.key")
refused 2 "not a feed key" "${recover[@]}" --feed "$SCRATCH/alice.key"
refused 2 "has now" "${recover[@]}" --feed "$home/feed.key"
refused 5 "not the recovery key" "$FEDCAT" recover "Far Provider" --home "$SCRATCH/one" \
    --feed "$home/feed-2.key" --recovery "$SCRATCH/two/keys/recovery-operator.key"
"${recover[@]}" --feed "$home/feed-2.key" --out "$SCRATCH/far-2.cert" >"$SCRATCH/out"
grep -q "incarnation 2" "$SCRATCH/out"
fc one show "$SCRATCH/far-2.cert" | grep -q "signed by .* valid Far Provider"
mv "$home/feed-2.key" "$home/feed.key"
for n in 0 1; do
    [ ! -e "$home/feed-2.key.count$n" ] || mv "$home/feed-2.key.count$n" "$home/feed.key.count$n"
done
# its first delta stands on the entries that were prepared on, and no others
offer "$SCRATCH/third-docs" third
fc one prepare -p "Far Provider" "$SCRATCH/third-docs" --out "$SCRATCH/prepared" --quiet \
    2>/dev/null
at_home sign "$SCRATCH/prepared" --key "$home/feed.key" --out "$SCRATCH/signed"
eventually 20 fc two submit "$SCRATCH/signed"
eventually 20 has one third
carry fourth
eventually 20 has one fourth
eventually 20 state_is one " 2\.[0-9]* .* ok"
fc one get https://offers.example/second >/dev/null
eventually 20 same_digest one two
