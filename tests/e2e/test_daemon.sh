#!/bin/bash
# A running node: one owner, a private socket, logs, a clean stop, commands while it is busy, and
# outsiders that get no further than the handshake.
. "$(dirname "$0")/lib.sh"

found solo other
[ "$(stat -c %a "$SCRATCH/solo/fedcat.sock")" = 600 ] || fail "the socket is open to others"
[ "$(stat -c %a "$SCRATCH/solo")" = 700 ] || fail "the home is open to others"
# a second one on the same home does not start
expect 6 timeout 30 "$FEDCAT" run --home "$SCRATCH/solo" 2>"$SCRATCH/err"
grep -q "in use" "$SCRATCH/err"

# nonsense on the socket harms nobody
python3 - "$SCRATCH/solo/fedcat.sock" <<'END'
import os, socket, struct, sys
for payload in (b"", b"\xff" * 100, struct.pack(">I", 0xffffffff), struct.pack(">I", 5) + b"hello",
                struct.pack(">I", 3) + b"\x93\xc0\xc0" * 2, os.urandom(4096)):
    s = socket.socket(socket.AF_UNIX); s.settimeout(0.3); s.connect(sys.argv[1])
    try:
        s.sendall(payload); s.recv(65536)
    except OSError:
        pass
    s.close()
idle = []
for i in range(100):
    s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); idle.append(s)
END
fc solo status | grep "not running" && fail "it is gone"
fc solo status >/dev/null

# many commands at once
for i in $(seq 1 12); do
    printf '{"id":"https://many.example/%s","type":"x"}' "$i" | fc solo publish - >/dev/null &
done
for job in $(jobs -p); do
    [ "$job" = "${PID[solo]}" ] || wait "$job" || fail "a command failed beside others"
done
[ "$(fc solo list --json | grep -c many.example)" = 12 ] || fail "some are missing"

# a node nobody admitted is kept out, and keeps trying; once admitted it comes in
fc late init >/dev/null 2>&1
fc late join "$SCRATCH/bootstrap.json" >/dev/null 2>&1
start late
sleep 1
[ "$(fc late status --json | field peers_open)" = 0 ] || fail "an outsider has a session"
[ "$(fc late status --json | field entries)" = 0 ] || fail "an outsider was told something"
admit late 2>/dev/null
fc solo submit "$SCRATCH/late.cert" 2>/dev/null
eventually 60 same_digest solo late

# a revoked operator's node is shut out again, at once
fc solo revoke "Operator of late" --key "$SCRATCH/alice.key" --key "$SCRATCH/carla.key" \
    --reason "a test" --submit --out "$SCRATCH/late.rev" >/dev/null 2>&1
shut_out() {
    ! fc solo peers --json | grep -q '"state":"open"'
}
eventually 20 shut_out

# logs as JSON lines
stop solo
"$FEDCAT" --home "$SCRATCH/solo" run --log-format json --log-level debug 2>"$SCRATCH/json.log" &
PID[solo]=$!
eventually 10 fc solo peers
stop solo
python3 -c '
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
assert lines and all({"time", "level", "text"} <= set(line) for line in lines), lines
assert lines[-1]["text"] == "stopped", lines[-1]
' "$SCRATCH/json.log"

# systemd's protocol
python3 - "$FEDCAT" "$SCRATCH/solo" <<'END'
import os, signal, socket, subprocess, sys, tempfile, time
path = os.path.join(tempfile.mkdtemp(), "notify")
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(path); s.settimeout(20)
env = dict(os.environ, NOTIFY_SOCKET=path, WATCHDOG_USEC="1000000")
p = subprocess.Popen([sys.argv[1], "run", "--home", sys.argv[2]], env=env, stderr=subprocess.DEVNULL)
seen = set()
def until(word):
    while not any(word in m for m in seen):
        seen.add(s.recv(4096).decode())
try:
    until("READY=1"); until("WATCHDOG=1"); until("STATUS=")
    p.send_signal(signal.SIGTERM); until("STOPPING=1")
    assert p.wait(10) == 0
finally:
    p.kill(); os.unlink(path); os.rmdir(os.path.dirname(path))
END
