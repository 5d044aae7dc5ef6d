# A federation to look at: three governors, three hubs of three countries with their samples. Sourced
# after tests/e2e/lib.sh; found_hubs leaves three running nodes, and their addresses in URL[fr]...
hubs=(fr de nl)
declare -A company=([fr]="Hub Loire SAS" [de]="Knoten Rhein GmbH" [nl]="Knooppunt Maas BV") URL=()

address() { # of a hub's HTTP server, once it answers
    eventually 10 grep -q 'answers at http' "$SCRATCH/$1.log"
    URL[$1]=$(sed -n 's/.*answers at \(http[^ ]*\).*/\1/p' "$SCRATCH/$1.log" | tail -n 1)
}

apply_hub() {
    fc "$1" init --listen "tcp://127.0.0.1:*" --region "${1^^}"
    # Not the usual port, which another test's node would take while one of these starts again.
    sed -i "s|^http:|http:\n  listen: 127.0.0.1:0|" "$SCRATCH/$1/fedcat.yaml"
    fc "$1" apply --name "${company[$1]}" --country "${1^^}" --url "https://hub-$1.example" \
        --federation "$SCRATCH/charter.fcr" --out "$SCRATCH/$1.app"
    "$FEDCAT" admit "$SCRATCH/$1.app" --records "$SCRATCH/charter.fcr" --key "$SCRATCH/fr.key" \
        --key "$SCRATCH/de.key" --out "$SCRATCH/$1.cert" --home "$SCRATCH"
}

found_hubs() { # SAMPLES
    local hub options=() bootstrap=$SCRATCH/charter.fcr
    for hub in "${hubs[@]}"; do
        "$FEDCAT" key new governor "$hub" --out "$SCRATCH/$hub.key" --home "$SCRATCH"
        options+=(--governor "Governor of ${hub^^},${hub^^},$SCRATCH/$hub.key")
    done
    "$FEDCAT" federation new --name "European Demo Space" "${options[@]}" --key "$SCRATCH/fr.key" \
        --out "$SCRATCH/charter.fcr" --home "$SCRATCH"
    "$FEDCAT" charter sign "$SCRATCH/charter.fcr" --key "$SCRATCH/nl.key" --home "$SCRATCH"
    for hub in "${hubs[@]}"; do
        apply_hub "$hub"
        fc "$hub" join "$bootstrap"
        fc "$hub" submit "$SCRATCH/$hub.cert"
        [ "$hub" = fr ] || fc fr submit "$SCRATCH/$hub.cert"
        start "$hub"
        address "$hub"
        eventually 10 has_endpoint "$hub"
        [ "$hub" != fr ] || { bootstrap=$SCRATCH/bootstrap.json; fc fr bootstrap --out "$bootstrap"; }
    done
    for hub in "${hubs[@]}"; do fc "$hub" publish "$1/$hub"; done
    eventually 30 same_digest "${hubs[@]}"
}
