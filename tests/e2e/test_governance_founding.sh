#!/bin/bash
# A federation is founded by three governors who pass one file around; what is short of signatures,
# or was never a charter, founds nothing.
. "$(dirname "$0")/lib.sh"

there() { "$FEDCAT" "$@" --home "$SCRATCH"; }

for name in alice bruno carla stranger; do
    there key new governor --out "$SCRATCH/$name.key" >/dev/null
done
there key new feed --out "$SCRATCH/feed.key" >/dev/null
alice="Alice,FR,$SCRATCH/alice.key" bruno="Bruno,IT,$SCRATCH/bruno.key"
carla="Carla,DE,$SCRATCH/carla.key"
charter="$SCRATCH/charter.fcr"

# what no charter can say is refused by name, and nothing is written
new=(there federation new --out "$charter")
refused 2 "same key" "${new[@]}" --name F --governor "$alice" --governor "Bo,IT,$SCRATCH/alice.key"
refused 2 "two capital letters" "${new[@]}" --name F --governor "Alice,France,$SCRATCH/alice.key"
refused 2 "feed key" "${new[@]}" --name F --governor "Alice,FR,$SCRATCH/feed.key"
refused 2 "more than half" "${new[@]}" --name F --governor "$alice" --governor "$bruno" --quorum 1
refused 2 "at most all" "${new[@]}" --name F --governor "$alice" --quorum 2
refused 2 "from 1 to all" "${new[@]}" --name F --governor "$alice" --admit 2
refused 2 "control characters" "${new[@]}" --name "" --governor "$alice"
refused 2 "control characters" "${new[@]}" --name $'F\e[2J' --governor "$alice"
refused 2 "NAME,COUNTRY,KEY" "${new[@]}" --name F --governor "Alice,FR"
refused 4 "missing.key" "${new[@]}" --name F --governor "Alice,FR,$SCRATCH/missing.key"
refused 2 "feed key" "${new[@]}" --name F --governor "$alice" --key "$SCRATCH/feed.key"
chmod 644 "$SCRATCH/alice.key"
refused 1 "alice.key" "${new[@]}" --name F --governor "$bruno" --key "$SCRATCH/alice.key"
grep -q "chmod 600" "$SCRATCH/err"
chmod 600 "$SCRATCH/alice.key"
[ ! -e "$charter" ] || fail "a charter was written all the same"

# one of three has signed: that founds nothing yet
there federation new --name "Three" --governor "$alice" --governor "$bruno" --governor "$carla" \
    --key "$SCRATCH/alice.key" --out "$charter" | grep -q "signatures    1 of 2"
refused 5 "lacks signatures" there charter show "$charter" --json
jq -e '.signed_by | length == 1' "$SCRATCH/out" >/dev/null
fc node init >/dev/null 2>&1
refused 5 "charter.fcr: not enough valid signatures" fc node join "$charter"
fc node apply --name Op --country FR --url https://op.example --federation "$charter" \
    --out "$SCRATCH/op.app" >/dev/null
refused 5 "lacks signatures" there admit "$SCRATCH/op.app" --quiet --records "$charter" \
    --key "$SCRATCH/alice.key"

# the same governor again does not help, nor does somebody who is none
sign=(there charter sign "$charter" --quiet --key)
"${sign[@]}" "$SCRATCH/alice.key" | grep -q "signatures    1 of 2"
"${sign[@]}" "$SCRATCH/stranger.key" >"$SCRATCH/out" 2>"$SCRATCH/err"
grep -q "signatures    1 of 2" "$SCRATCH/out"
grep -q "does not count" "$SCRATCH/err" || fail "no word about the stranger"
refused 5 "charter.fcr: not enough valid signatures" fc node join "$charter"

# nor a signature that was made for something else
cp "$charter" "$SCRATCH/forged.fcr"
bytes=$(stat -c %s "$charter")
printf '\x5a' | dd of="$SCRATCH/forged.fcr" bs=1 seek=$((bytes - 1)) conv=notrunc 2>/dev/null
there show "$SCRATCH/forged.fcr" | grep -q INVALID
refused 5 "not enough valid signatures" fc node join "$SCRATCH/forged.fcr"

# the second of three completes it; the hash stays what it was
before=$(there show "$charter" --json | jq -r '.[0].hash')
"${sign[@]}" "$SCRATCH/bruno.key" --json >"$SCRATCH/out"
jq -e '.complete and .signatures == 2 and .needed == 2' "$SCRATCH/out" >/dev/null
[ "$(jq -r .hash "$SCRATCH/out")" = "$before" ] || fail "a signature changed what is signed"
fc node join "$charter" --quiet
[ "$(fc node charter show --json | jq -r .hash)" = "$before" ]
fc node charter show | grep -q "Carla"
"${sign[@]}" "$SCRATCH/carla.key" | grep -q "signatures    3 of 2"

# a node is of one federation
there federation new --name "Other" --governor "$alice" --key "$SCRATCH/alice.key" \
    --out "$SCRATCH/other.fcr" >/dev/null
refused 5 "another federation" fc node join "$SCRATCH/other.fcr"
refused 5 "another federation" there admit "$SCRATCH/op.app" --quiet --key "$SCRATCH/alice.key" \
    --records "$SCRATCH/other.fcr" --out "$SCRATCH/op.cert"
[ ! -e "$SCRATCH/op.cert" ] || fail "a certificate of another federation was written"

# applications say what is wrong with them
apply=(fc node apply --federation "$charter" --out "$SCRATCH/bad.app" --name Op --country FR
    --url https://op.example)
refused 2 "two capital letters" "${apply[@]}" --country france
refused 2 "no endpoint" "${apply[@]}" --endpoint op.example:7400
refused 2 "node-key none" "${apply[@]}" --endpoint tcp://op.example:7400 --node-key none
refused 2 "control characters" "${apply[@]}" --name $'a\nb'
refused 2 "holds no charter" "${apply[@]}" --federation "$SCRATCH/op.app"
[ ! -e "$SCRATCH/bad.app" ] || fail "a faulty application was written"

# admission by a file that goes from hand to hand, told how many are missing each time
there admit "$SCRATCH/op.app" --quiet --records "$charter" --out "$SCRATCH/op.cert" |
    grep -q "next          2 more"
refused 5 "signatures are missing" there cosign "$SCRATCH/op.cert" --quiet --records "$charter" \
    --key "$SCRATCH/carla.key" --submit
there cosign "$SCRATCH/op.cert" --quiet --key "$SCRATCH/stranger.key" --records "$charter" \
    2>"$SCRATCH/err" | grep -q "signatures    1 of 2"
grep -q "does not count" "$SCRATCH/err"
refused 5 "not enough valid signatures" fc node submit "$SCRATCH/op.cert"
fc node participants | grep -q " Op " && fail "admitted with one signature"
fc node cosign "$SCRATCH/op.cert" --quiet --key "$SCRATCH/bruno.key" --submit |
    grep -q "handed in     yes"
fc node participants | grep -q " Op "
fc node log --type certificate | grep -q "signed by .*Bruno"
fc node log --json | jq -e '.[1].signed_by | map(.governor) | contains(["Bruno", "Carla"])' \
    >/dev/null

# granted once, a quota stays at each renewal until another is given
renew=(fc node admit "$SCRATCH/op.app" --quiet --key "$SCRATCH/alice.key" --key "$SCRATCH/bruno.key"
    --submit --out "$SCRATCH/renewed.cert")
"${renew[@]}" --quota-bytes 9000000000 --quota-entries 0 >/dev/null
"${renew[@]}" --quota-entries 7 >/dev/null
fc node show "$SCRATCH/renewed.cert" --json |
    jq -e '.[0].quota_bytes == 9000000000 and .[0].quota_entries == 7 and .[0].g == 3' >/dev/null
