#!/bin/bash
# Documents in every form; bad ones are listed with their place, the good ones go through.
. "$(dirname "$0")/lib.sh"

found solo
for mode in running stopped; do
    [ $mode = running ] || stop solo
    d="$SCRATCH/$mode"
    mkdir -p "$d/in/deep" "$d/in/.hidden"
    offer "$d/in" "$mode-1"
    offer "$d/in/deep" "$mode-2"
    offer "$d/in/.hidden" "$mode-hidden"
    echo "no document" >"$d/in/README.txt"
    printf '{"id":\n  "https://offers.example/x",,}\n' >"$d/in/bad.json"
    printf '{"hello": 1}\n' >"$d/in/nosubject.json"
    cp "$d/in/$mode-1.json" "$d/in/zz-twice.json"
    head -c 1100000 /dev/zero | tr '\0' ' ' >"$d/in/large.json"
    for i in 1 2 3; do
        printf '{"id":"https://lines.example/%s-%s","type":"x"}\n' $mode $i
    done >"$d/in/many.ndjson"
    printf 'broken line\n\n' >>"$d/in/many.ndjson"

    expect 3 fc solo publish "$d/in" >"$d/out" 2>"$d/err"
    grep -q "5 published, 0 unchanged, 5 failed" "$d/out" || fail "$(cat "$d/out" "$d/err")"
    grep -q "in/bad.json:2:" "$d/err" || fail "no place: $(cat "$d/err")"
    grep -q "in/nosubject.json: " "$d/err"
    grep -q "in/zz-twice.json: the same entry as .*$mode-1.json" "$d/err"
    grep -q "in/large.json: " "$d/err"
    grep -q "in/many.ndjson:4:[0-9]*: [^0-9]" "$d/err"
    expect 4 fc solo get "https://offers.example/$mode-hidden" 2>/dev/null

    # standard input, as one document and as lines
    printf '{"id":"https://stdin.example/%s","type":"x"}' $mode | fc solo publish - >/dev/null
    printf '{"id":"https://stdin.example/%s-%s","type":"x"}\n' $mode 1 $mode 2 |
        fc solo publish --ndjson - | grep "2 published" >/dev/null
    [ "$(fc solo get "https://stdin.example/$mode")" = \
        "{\"id\":\"https://stdin.example/$mode\",\"type\":\"x\"}" ] || fail "bytes differ"

    # JSON answers
    expect 2 fc solo publish "$d/in/bad.json" --json >"$d/json"
    grep -q '"failed":\[{"place":".*bad.json:2:' "$d/json" || fail "$(cat "$d/json")"
    fc solo get "https://offers.example/$mode-1" --json | grep '"document":{' >/dev/null
    expect 3 fc solo delete "https://stdin.example/$mode-1" https://nowhere.example/ \
        >/dev/null 2>&1
    expect 4 fc solo delete https://nowhere.example/ >/dev/null 2>&1
    fc solo export --dir "$d/files" 2>/dev/null
    grep -rq "https://offers.example/$mode-2" "$d/files"
done

# usage
expect 2 "$FEDCAT" nonsense 2>/dev/null
expect 2 "$FEDCAT" publish 2>/dev/null
expect 4 "$FEDCAT" list --home "$SCRATCH/none" 2>/dev/null
for command in $("$FEDCAT" --help | sed -n 's/^  \([a-z-]*\) .*/\1/p'); do
    "$FEDCAT" $command --help | grep "Example:" >/dev/null || fail "$command --help has no example"
done
printf 'listen: [tcp://127.0.0.1:0]\nfoo: 1\n' >"$SCRATCH/solo/fedcat.yaml"
expect 2 fc solo run 2>"$SCRATCH/err"
grep -q "fedcat.yaml: line 2" "$SCRATCH/err" || fail "$(cat "$SCRATCH/err")"
