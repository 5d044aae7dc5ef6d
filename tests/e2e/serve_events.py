"""A service of credentials events, v1, and the documents that its events point at.

    serve_events.py DIR     prints its port

DIR/events.json is all events; DIR/docs/NAME a document, which is answered with the status in
DIR/docs/NAME.status if there is one, or sends on to what is in DIR/docs/NAME.redirect. Each is read
when it is asked for. DIR/asked has a line for each document asked for."""

import http.server
import json
import pathlib
import sys
import urllib.parse

root = pathlib.Path(sys.argv[1])


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def reply(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def events(self, query):
        events = json.loads((root / "events.json").read_text())
        size = int(query.get("size", ["20"])[0])
        ids = [event["id"] for event in events]
        last = query.get("lastReceivedID", [""])[0]
        if last and last not in ids:
            return self.reply(400)
        start = ids.index(last) + 1 if last else 0
        self.reply(200, json.dumps(events[start : start + size]).encode())

    def document(self, name):
        file = root / "docs" / name
        status, redirect = (file.with_name(f"{name}.{end}") for end in ("status", "redirect"))
        with (root / "asked").open("a") as asked:
            asked.write(f"{name}\n")
        if redirect.exists():
            self.reply(302, Location=redirect.read_text().strip())
        elif status.exists():
            self.reply(int(status.read_text()))
        elif file.exists():
            self.reply(200, file.read_bytes())
        else:
            self.reply(404)

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        if url.path == "/credentials-events":
            self.events(urllib.parse.parse_qs(url.query))
        else:
            self.document(url.path.rsplit("/", 1)[-1])


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
