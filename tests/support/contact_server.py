"""A server that takes messages as contacts do, and misbehaves: for tests of sending.

    contact_server.py LOG [MODE]

Prints its port, then serves until its standard input ends. Each request is a line of LOG: key,
SHA-256 of the body, campaign, contact, to, what was done. A key is delivered once, however often it
comes: that line says "delivered". MODE: "good" (default), "bad" (the first attempts of a key fail in
every way there is), or the name of one way ("error", "stall", ...), always.
"""
import hashlib
import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WAYS = ["good"] * 12 + [
    "error", "busy", "done-error", "done-close", "close", "done-garbage", "done-html", "stall",
    "refuse", "conflict", "huge", "slow-down",
]

log = open(sys.argv[1], "a", buffering=1)
mode = sys.argv[2] if len(sys.argv) > 2 else "good"
lock = threading.Lock()
attempts, delivered = {}, set()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, code, body=b'{"status":"accepted","id":"m-1"}', headers=()):
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def way_of(self, key):
        if mode == "good":
            return "good"
        if mode != "bad":
            return mode
        first = attempts[key] <= 2
        number = int(hashlib.sha256(f"{key}{attempts[key]}".encode()).hexdigest(), 16)
        way = WAYS[number % len(WAYS)] if first else "good"
        return way if attempts[key] == 1 or way != "refuse" else "good"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        key = self.headers.get("Idempotency-Key", "")
        message = json.loads(body)
        with lock:
            attempts[key] = attempts.get(key, 0) + 1
            way = self.way_of(key)
            if key in delivered and way == "refuse":
                way = "good"
            done = way in ("good", "stall", "huge") or way.startswith("done")
            note = way
            if done and key not in delivered:
                delivered.add(key)
                note = "delivered"
            token = self.headers.get("Authorization", "-").replace(" ", "_")
            print(key, hashlib.sha256(body).hexdigest(), message["campaign"], message["contact"],
                  message["to"], note, token, file=log)
        getattr(self, "do_" + way.replace("-", "_"))()

    def do_good(self):
        self.answer(200)

    def do_error(self):
        self.answer(500, b'{"error":"no"}')

    do_done_error = do_error

    def do_busy(self):
        self.answer(503, b"", [("Retry-After", "1")])

    def do_slow_down(self):
        self.answer(429, b"{}", [("Retry-After", "2")])

    def do_conflict(self):
        self.answer(409, b"{}")

    def do_refuse(self):
        self.answer(400, b'{"error":"no such \\u001b[31mnumber"}')

    def do_denied(self):
        self.answer(401, b"{}")

    def do_moved(self):
        self.answer(302, b"", [("Location", "http://127.0.0.1:1/")])

    def do_close(self):
        self.close_connection = True
        self.connection.shutdown(2)

    do_done_close = do_close

    def do_done_garbage(self):
        self.wfile.write(b"\x00\xff garbage, not HTTP\r\n\r\n")
        self.close_connection = True

    def do_done_html(self):
        self.answer(200, b"<html>please log in</html>")

    def do_huge(self):
        self.answer(200, b'"' + b"x" * (1 << 20) + b'"')

    def do_stall(self):
        time.sleep(1.6)
        try:
            self.answer(200)
        except OSError:
            pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, address):
        pass


server = Server(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
log.flush()
os._exit(0)
