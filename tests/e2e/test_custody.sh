#!/bin/bash
# Keys that stay with the provider; a key that lost its counter, and one that signed twice.
. "$(dirname "$0")/lib.sh"

speaks_anew() { fc "$1" participants | grep "Operator of $2" | grep -q " 3\.[0-9]* "; }
contested() { fc "$1" participants | grep "Operator of $2" | grep -q contested; }

found one two
start two

# prepared at a node, signed where the key is, handed in at another node
mkdir "$SCRATCH/provider"
cp "$SCRATCH/one/keys/feed-operator.key" "$SCRATCH/provider/feed.key"
mv "$SCRATCH"/one/keys/feed-operator.key.count* "$SCRATCH/provider/"
rm "$SCRATCH/one/keys/feed-operator.key"
for n in 0 1; do
    [ ! -e "$SCRATCH/provider/feed-operator.key.count$n" ] ||
        mv "$SCRATCH/provider/feed-operator.key.count$n" "$SCRATCH/provider/feed.key.count$n"
done
offer "$SCRATCH/docs" d1
offer "$SCRATCH/docs" d2
fc one prepare -p "Operator of one" "$SCRATCH/docs" --out "$SCRATCH/batch.prepared" >/dev/null 2>&1
expect 2 fc two submit "$SCRATCH/batch.prepared" 2>/dev/null # not signed yet
"$FEDCAT" show "$SCRATCH/batch.prepared" >"$SCRATCH/shown" # what there is to sign
grep -q "^prepared delta of" "$SCRATCH/shown"
[ "$(grep -c '^  put  *https://offers.example/d[12]  ' "$SCRATCH/shown")" = 2 ]
grep -q "signed by" "$SCRATCH/shown" && fail "shown as signed"
"$FEDCAT" sign "$SCRATCH/batch.prepared" --key "$SCRATCH/provider/feed.key" \
    --out "$SCRATCH/batch.signed" --home "$SCRATCH/provider" >/dev/null 2>&1
"$FEDCAT" show "$SCRATCH/batch.signed" | grep -q "signed by .* valid$"
"$FEDCAT" show "$SCRATCH/batch.signed" --json | grep -q '"valid":true,"ops":\[{"op":"put"'
fc two submit "$SCRATCH/batch.signed" >/dev/null 2>&1
eventually 20 fc one get https://offers.example/d2
cmp <(fc one get https://offers.example/d1) "$SCRATCH/docs/d1.json"
cp "$SCRATCH/provider/feed.key" "$SCRATCH/one/keys/feed-operator.key"
for n in 0 1; do
    [ ! -e "$SCRATCH/provider/feed.key.count$n" ] ||
        cp "$SCRATCH/provider/feed.key.count$n" "$SCRATCH/one/keys/feed-operator.key.count$n"
done

# the counter is lost: no signature, and a word on what helps
rm "$SCRATCH"/one/keys/feed-operator.key.count*
offer "$SCRATCH/docs" d3
expect 5 fc one publish "$SCRATCH/docs" >/dev/null 2>"$SCRATCH/err"
grep -q "fedcat recover" "$SCRATCH/err" || fail "unclear: $(cat "$SCRATCH/err")"
fc one recover "Operator of one" >/dev/null 2>&1
fc one publish "$SCRATCH/docs" | grep -q "published"
eventually 20 fc two get https://offers.example/d3
fc two participants | grep "Operator of one" | grep -q " ok"

# recovered with nothing new to publish: the new key signs what is held all the same
fc one recover "Operator of one" >/dev/null 2>&1
fc one publish "$SCRATCH/docs" | grep -q "0 published, 3 unchanged, 0 failed; version 3\."
eventually 20 speaks_anew two one
fc two get https://offers.example/d3 >/dev/null

# a copy of a whole node publishes too: the fork is seen, and healed by its owner
stop two
cp -a "$SCRATCH/two" "$SCRATCH/clone"
offer "$SCRATCH/a" from-two
offer "$SCRATCH/b" from-clone
fc clone publish "$SCRATCH/b" >/dev/null 2>&1
start two
fc two publish "$SCRATCH/a" >/dev/null
eventually 20 fc one get https://offers.example/from-two
stop two
start clone
eventually 20 contested one two
eventually 20 contested clone two
kill_hard clone
start two
eventually 20 contested two two
expect 5 fc two publish "$SCRATCH/b" >/dev/null 2>&1
fc two recover "Operator of two" >/dev/null 2>&1
fc two publish "$SCRATCH/b" | grep -q "1 published"
eventually 20 fc one get https://offers.example/from-clone
contested one two && fail "the feed is still contested"
eventually 20 same_digest one two
fc one verify >/dev/null

# a sealed key, and its passphrase from a file
printf 'correct horse\n' >"$SCRATCH/pass"
chmod 600 "$SCRATCH/pass"
"$FEDCAT" key new governor --seal --passphrase-file "$SCRATCH/pass" --out "$SCRATCH/sealed.key" \
    --home "$SCRATCH" >/dev/null
cp "$SCRATCH/charter.fcr" "$SCRATCH/sealed.fcr"
expect 0 fc one cosign "$SCRATCH/sealed.fcr" --key "$SCRATCH/sealed.key" \
    --passphrase-file "$SCRATCH/pass" >/dev/null 2>&1
printf 'wrong\n' >"$SCRATCH/pass"
expect 1 fc one cosign "$SCRATCH/sealed.fcr" --key "$SCRATCH/sealed.key" \
    --passphrase-file "$SCRATCH/pass" >/dev/null 2>&1

# every command explains itself, with an example
for command in $("$FEDCAT" --help | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p'); do
    "$FEDCAT" "$command" --help | grep -q "Example:" || fail "$command --help has no example"
done
stop one
stop two
