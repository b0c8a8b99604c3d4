"""S3 that refuses: a proxy before MiniStack that answers some requests with 503 Slow Down, and
disconnects on others."""

import http.client
import http.server
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from .ministack import MiniStack

REFUSED = 0.4
"""The share of requests that are refused: more than clients make up for by trying again."""


@contextmanager
def proxy(cloud: MiniStack, chance: random.Random) -> Iterator[tuple[MiniStack, list[str]]]:
    """Gives a cloud whose endpoint is the proxy, and the paths of the requests it refused."""
    refused: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            drawn = chance.random()
            if drawn < REFUSED:
                refused.append(self.path)
            if drawn < REFUSED / 4:
                self.close_connection = True
                return
            if drawn < REFUSED:
                self.reply(
                    503,
                    [("Content-Type", "application/xml")],
                    b"<Error><Code>SlowDown</Code></Error>",
                )
                return
            connection = http.client.HTTPConnection("127.0.0.1", cloud.port, timeout=60)
            try:
                connection.request(self.command, self.path, body, dict(self.headers))
                found = connection.getresponse()
                content = found.read()
                kept = [pair for pair in found.getheaders() if pair[0].lower() not in HOP]
                self.reply(found.status, kept, content)
            finally:
                connection.close()

        def reply(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            if not any(name.lower() == "content-length" for name, _ in headers):
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = answer

        def log_message(self, *arguments: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield MiniStack(server.server_port), refused
    finally:
        server.shutdown()
        server.server_close()


HOP = ("connection", "transfer-encoding", "keep-alive")
"""Headers of one connection."""
