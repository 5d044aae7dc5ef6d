#!/bin/bash
# Files that are empty, text, cut short, damaged or something else: each command that takes a file
# says so in one line that names it, and nothing is changed by it, whether a node runs or not.
. "$(dirname "$0")/lib.sh"

found one
offer "$SCRATCH/docs" d1
fc one publish "$SCRATCH/docs" >/dev/null
fc one revoke "Operator of one" --reason test --last-valid 1.1 --key "$SCRATCH/alice.key" \
    --out "$SCRATCH/revocation" >/dev/null
fc one prepare -p "Operator of one" --delete https://offers.example/d1 \
    --out "$SCRATCH/prepared" >/dev/null 2>&1
fc one prove https://offers.example/d1 --out "$SCRATCH/proof" >/dev/null 2>&1

bad="$SCRATCH/bad"
mkdir "$bad"
: >"$bad/empty"
echo "Dear governor, please admit us." >"$bad/text"
echo '{"type": "certificate"}' >"$bad/json"
head -c 3000 /dev/zero >"$bad/zeros"
head -c -1 "$SCRATCH/one.cert" >"$bad/cut"
head -c 1 "$SCRATCH/one.cert" >"$bad/stub"
{ cat "$SCRATCH/one.cert"; printf x; } >"$bad/trailing"
printf '\xdd\xff\xff\xff\xff' >"$bad/huge"
cp "$SCRATCH/one/keys/feed-operator.key" "$bad/key"
chmod 600 "$bad/key"

# what the node holds, and the files
state() {
    fc one digest --json
    fc one log --json --heads | jq 'map(select(.type != "checkpoint"))' # it signs one now and then
    fc one charter show --json
    (cd "$SCRATCH" && cat "$bad"/* ./*.fcr ./*.cert ./*.app one/keys/* | cksum)
}

# unread FILE COMMAND...: not taken, in one line that names the file
unread() {
    local file=$1 got=0
    shift
    "$@" >"$SCRATCH/out" 2>"$SCRATCH/err" </dev/null || got=$?
    [ $got -gt 0 ] && [ $got -lt 6 ] || fail "status $got: $*"
    [ "$(wc -l <"$SCRATCH/err")" = 1 ] || fail "not one line: $* said $(cat "$SCRATCH/err")"
    grep -q -- "$file" "$SCRATCH/err" || fail "$file is not named: $(cat "$SCRATCH/err")"
    [ ! -s "$SCRATCH/out" ] || fail "$* printed $(head -c 200 "$SCRATCH/out")"
    LC_ALL=C grep -q '[^[:print:]]' "$SCRATCH/err" && fail "control characters: $*"
    return 0
}

# what decoders stumble on, where each command takes its time
files=("$bad"/* "$bad/missing" "$bad")
[ -z "${FEDCAT_SANITIZED:-}" ] || files=("$bad/cut" "$bad/zeros" "$bad/huge")

key="$SCRATCH/alice.key"
for how in running stopped; do
    state >"$SCRATCH/before"
    for file in "${files[@]}"; do
        unread "$file" fc one submit "$file"
        unread "$file" fc one cosign "$file" --key "$key"
        unread "$file" fc one charter sign "$file" --key "$key"
        unread "$file" fc one charter show "$file"
        unread "$file" fc one show "$file"
        unread "$file" fc one admit "$file" --key "$key" --out "$SCRATCH/new"
        unread "$file" fc one admit "$SCRATCH/one.app" --records "$file" --key "$key" --quiet \
            --out "$SCRATCH/new"
        unread "$file" fc one charter show --records "$file"
        unread "$file" fc one charter rotate --records "$file" --key "$key" --out "$SCRATCH/new"
        unread "$file" fc one revoke "Operator of one" --records "$file" --last-valid 1.1 \
            --key "$key" --out "$SCRATCH/new"
        unread "$file" fc one apply --name N --country FR --url u --federation "$file" \
            --out "$SCRATCH/new"
        unread "$file" fc one sign "$file" --key "$SCRATCH/one/keys/feed-operator.key" \
            --out "$SCRATCH/new"
        unread "$file" fc one check-proof "$file" --federation "$SCRATCH/charter.fcr"
        unread "$file" fc one cosign "$SCRATCH/charter.fcr" --quiet --key "$file"
        [ ! -e "$SCRATCH/new" ] || fail "something was written because of $file"
    done

    # good files in the wrong place
    unread one.app fc one submit "$SCRATCH/one.app"
    unread one.app fc one cosign "$SCRATCH/one.app" --key "$key"
    unread one.cert fc one charter sign "$SCRATCH/one.cert" --key "$key"
    unread one.cert fc one admit "$SCRATCH/one.cert" --key "$key" --out "$SCRATCH/new"
    unread prepared fc one submit "$SCRATCH/prepared"
    unread prepared fc one cosign "$SCRATCH/prepared" --key "$key"
    unread proof fc one submit "$SCRATCH/proof"
    unread one.cert fc one apply --name N --country FR --url u --federation "$SCRATCH/one.cert" \
        --out "$SCRATCH/new"
    unread feed-operator.key fc one cosign "$SCRATCH/charter.fcr" --quiet \
        --key "$SCRATCH/one/keys/feed-operator.key"
    chmod 644 "$key"
    unread alice.key fc one cosign "$SCRATCH/charter.fcr" --quiet --key "$key"
    unread alice.key fc one admit "$SCRATCH/one.app" --quiet --key "$key" --out "$SCRATCH/new"
    chmod 600 "$key"
    [ ! -e "$SCRATCH/new" ] || fail "something was written"

    # a forged signature under a real record
    cp "$SCRATCH/revocation" "$SCRATCH/forged"
    bytes=$(stat -c %s "$SCRATCH/forged")
    printf '\x5a\x5a' | dd of="$SCRATCH/forged" bs=1 seek=$((bytes - 9)) conv=notrunc 2>/dev/null
    refused 5 "not enough valid signatures" fc one submit "$SCRATCH/forged"

    state >"$SCRATCH/after"
    cmp "$SCRATCH/before" "$SCRATCH/after" || fail "something changed ($how)"
    [ $how = stopped ] || stop one
done

# from standard input, good and bad
expect 0 fc one submit - --quiet <"$SCRATCH/one.cert"
refused 2 "-: empty, damaged or cut short" fc one submit - <"$bad/cut"
