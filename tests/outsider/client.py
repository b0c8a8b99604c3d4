"""A client of the HTTP interface, with the rules for every answer."""

import http.client
import json
import os
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

from claims import claim

URL = os.environ["ROWGATE_URL"]
WRITER = os.environ["ROWGATE_API_KEY"]
OPERATOR = os.environ["ROWGATE_OPERATOR_KEY"]


class Reply:
    def __init__(self, response, method, path):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.bytes = response.read()
        self.asked = f"{method} {path}"
        self.type = self.headers.get("content-type", "").split(";")[0]

    @property
    def json(self):
        try:
            return json.loads(self.bytes)
        except ValueError:
            return {}

    def __repr__(self):
        return f"{self.asked}: {self.status} {self.headers} {self.bytes[:400]!r}"


def send(method, path, body=None, key=WRITER, headers=None, again=True):
    """One request. Throttled ones are sent again after a while, as clients do."""
    url = urllib.parse.urlsplit(URL + path)
    all_headers = {"connection": "close"}
    if key is not None:
        all_headers["x-api-key"] = key
    if body is not None:
        all_headers["content-type"] = "application/json"
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
    all_headers.update(headers or {})
    all_headers = {name: value for name, value in all_headers.items() if value is not None}
    for _ in range(60):
        kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
        connection = kind(url.netloc, timeout=60)
        connection.request(method, url.path + ("?" + url.query if url.query else ""), body, all_headers)
        reply = Reply(connection.getresponse(), method, path)
        connection.close()
        claim("Every answer carries x-request-id", reply.headers.get("x-request-id"), reply)
        if reply.status >= 400 and not (reply.status == 422 and reply.type == "application/json"):
            is_problem(reply)
        if reply.status != 429 or not again:
            return reply
        time.sleep(0.5)
    return reply


def is_problem(reply):
    """An answer that is a problem as RFC 9457 has them."""
    body = reply.json if isinstance(reply.json, dict) else {}
    claim(f"Errors are RFC 9457 application/problem+json ({reply.status})", reply.type == "application/problem+json", reply)
    claim(
        f"A problem has type, title, status, detail ({reply.status})",
        all(isinstance(body.get(name), str) and body[name] for name in ("type", "title", "detail"))
        and body.get("status") == reply.status,
        reply,
    )


def expect(sentence, status, *arguments, **named):
    reply = send(*arguments, **named)
    claim(f"{sentence}: {status}", reply.status == status, reply)
    return reply


def at_once(count, *arguments, **named):
    """Sends so many equal requests at the same time and returns their answers."""
    with ThreadPoolExecutor(count) as threads:
        asked = [threads.submit(send, *arguments, **named) for _ in range(count)]
        return [one.result() for one in asked]


def ids_from(after, end, table, limit=1000):
    """The ids that are there after one and before another, by pages."""
    found = []
    while after is not None and after < end:
        page = send("GET", f"/tables/{table}/rows?limit={limit}&after={after}").json
        found += [row["id"] for row in page["rows"] if row["id"] < end]
        after = page["next"]
    return found
