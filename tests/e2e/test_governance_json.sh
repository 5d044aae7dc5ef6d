#!/bin/bash
# Every command of governors as JSON, one value that a program can read, and explained by --help.
. "$(dirname "$0")/lib.sh"

# json FILTER COMMAND...: its output is JSON of which the filter is true
json() {
    local filter=$1
    shift
    "$@" --json >"$SCRATCH/out" 2>"$SCRATCH/err" || fail "failed: $*: $(cat "$SCRATCH/err")"
    jq -es "length == 1 and (.[0] | $filter)" "$SCRATCH/out" >/dev/null ||
        fail "$* printed $(cat "$SCRATCH/out")"
}

alice="$SCRATCH/alice.key" bruno="$SCRATCH/bruno.key" carla="$SCRATCH/carla.key"
found one
offer "$SCRATCH/docs" d1
offer "$SCRATCH/docs" d2
fc one publish "$SCRATCH/docs" >/dev/null
who=$(fc one participants --json | jq -r .participant)

json '.complete == false and .needed == 1 and .type == "charter"' \
    fc one federation new --name J --governor "Alice,FR,$alice" --out "$SCRATCH/j.fcr"
json '.complete and .signatures == 1' fc one charter sign "$SCRATCH/j.fcr" --key "$alice"

for how in running stopped; do
    json '.governors | length == 3' fc one charter show
    json '.version == 1 and (.signed_by | length == 3)' fc one charter show "$SCRATCH/charter.fcr"
    json ".participant == \"$who\" and (.file | endswith(\"again.app\"))" \
        fc one apply --name "Operator of one" --country DE --url https://one.example \
        --out "$SCRATCH/again.app"
    json '.type == "certificate" and .signatures == 1 and .needed == 2 and (.complete | not)' \
        fc one admit "$SCRATCH/again.app" --key "$alice" --out "$SCRATCH/again.cert"
    # somewhere without the charter nobody can tell how many are needed
    json '.needed == null and .signatures == 2 and (.complete | not)' \
        "$FEDCAT" cosign "$SCRATCH/again.cert" --key "$bruno" --home "$SCRATCH/nowhere"
    json '.complete and .submitted == false' \
        fc one cosign "$SCRATCH/again.cert" --key "$bruno"
    json '.records[0].type == "certificate" and (.records[0].hash | length == 64)' \
        fc one submit "$SCRATCH/again.cert"
    json '.submitted and .complete' fc one takedown "$who" https://offers.example/d1 \
        --reason "court order ($how)" --key "$alice" --key "$bruno" --out "$SCRATCH/td" --submit
    json '.withheld' fc one takedown "$who" https://offers.example/d2 --local
    json '.withheld == false' fc one takedown "$who" https://offers.example/d2 --local --lift
    json '.submitted and .type == "revocation"' fc one revoke "$who" --freeze --reason "$how" \
        --key "$alice" --key "$carla" --out "$SCRATCH/rv" --submit
    json '.submitted' fc one admit "$SCRATCH/again.app" --key "$alice" --key "$carla" \
        --out "$SCRATCH/again.cert" --submit
    json '.incarnation > 1 and .r > 0 and .signed_by[0].valid' fc one recover "$who"
    json '.needed_before == 2 and .signatures_before == 1 and .needed == 2 and (.complete | not)' \
        fc one charter rotate --name "Next ($how)" --key "$alice" --out "$SCRATCH/next.fcr"
    json '.signatures == 2 and .needed_before == null and (.complete | not)' \
        "$FEDCAT" charter sign "$SCRATCH/next.fcr" --key "$carla" --home "$SCRATCH/nowhere"
    json '.complete and .signatures_before == 3' \
        fc one charter sign "$SCRATCH/next.fcr" --key "$bruno"
    json '.records | map(.type) == ["carry", "charter"]' fc one submit "$SCRATCH/next.fcr"
    hash=$(fc one charter show --json | jq -r .hash)
    json ".pinned == \"$hash\"" fc one charter pin "$hash"
    json 'length == 2 and .[1].signed_by[2].valid' fc one show "$SCRATCH/next.fcr"
    json '.[0].governors == null and .[0].type == "takedown" and (.[0].signed_by | length == 2)' \
        fc one show "$SCRATCH/td"
    json '.disputed == false' fc one status
    [ $how = stopped ] || stop one
done

# who signed what: governors by name, participants too
json 'map(select(.type == "charter")) | length == 3' fc one log
json 'map(select(.type == "takedown"))[0].signed_by | map(.governor) | sort == ["Alice", "Bruno"]' \
    fc one log
json 'map(select(.type == "certificate" and .r > 0))[0].signed_by[0].participant
      == "Operator of one"' fc one log
json 'map(.type) | unique == ["revocation"]' fc one log --type revocation
json 'map(select(.type == "head")) | length > 0' fc one log --heads
fc one log >"$SCRATCH/text"
grep charter "$SCRATCH/text" | grep -q "signed by .*Bruno"
grep revocation "$SCRATCH/text" | grep "Alice" | grep -q "Carla"
fc one log --full >"$SCRATCH/text"
grep -q "reason        court order (running)" "$SCRATCH/text"
expect 2 fc one log --type letters 2>"$SCRATCH/err"
grep -q "no type of record" "$SCRATCH/err"

"$FEDCAT" manual >"$SCRATCH/manual"

# help: an example of each, which begins with the command itself
for command in $("$FEDCAT" --help | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p'); do
    "$FEDCAT" "$command" --help >"$SCRATCH/help" || fail "$command --help failed"
    grep -A 1 "^Example:" "$SCRATCH/help" | grep -q "fedcat.* $command" ||
        fail "$command --help shows no example of it"
    grep -q "Exit status:" "$SCRATCH/help" || fail "$command --help has no exit status"
    grep -q "^\.SS \"fedcat ${command//-/.*}" "$SCRATCH/manual" || fail "$command is not in the manual"
done
