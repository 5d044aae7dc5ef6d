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

# token NODE NAME [PARTICIPANT]: makes one and prints it; without a participant it is good for all
token() {
    python3 - "$SCRATCH/$1" "$2" "${3:-any}" <<'END'
import hashlib, os, sys, time
home, name, scope = sys.argv[1:]
text = "fedcat_" + os.urandom(32).hex()
digits = hashlib.blake2b(text.encode(), digest_size=32, person=b"fedcat.token.1").hexdigest()
os.makedirs(f"{home}/tokens", mode=0o700, exist_ok=True)
with os.fdopen(os.open(f"{home}/tokens/{name}.token", os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
    file.write(f"fedcat-token 1\nscope {scope}\ncreated {int(time.time() * 1000)}\nhash {digits}\n")
print(text)
END
}
