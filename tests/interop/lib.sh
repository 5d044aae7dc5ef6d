# What the tests of others' protocols share, beside e2e/lib.sh: the program that looks at answers.
interop=$(dirname "${BASH_SOURCE[0]}")
for program in node npm curl jq; do
    command -v "$program" >/dev/null || {
        echo "$program is not installed (node/install-packages test)" >&2
        exit 77
    }
done
(
    cd "$interop"
    exec 9<package.json
    flock 9
    if [ ! -e node_modules/.package-lock.json ] ||
        [ package-lock.json -nt node_modules/.package-lock.json ]; then
        npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2
        touch node_modules/.package-lock.json
    fi
)

# look SCRIPT ARGUMENTS...
look() {
    local script=$1
    shift
    node "$interop/$script.mjs" "$@"
}

# url NODE: where it answers
url() {
    sed -n 's/.*answers at //p' "$SCRATCH/$1.log" | tail -n 1
}
