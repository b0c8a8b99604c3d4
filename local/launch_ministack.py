"""Starts MiniStack with what it leaves out of a request's identity: the API key that the gateway has checked.

AWS tells a function the key and its id in requestContext.identity; MiniStack checks the key and says nothing. Rowgate tells
its operator by that id, and no function may have a line that knows where it runs, so the gap is filled here. Every other
version of MiniStack is refused: this reaches into its code.
"""

import functools
import hashlib
import inspect
import sys
from contextvars import ContextVar
from importlib.metadata import version

VERSION = "1.5.33"
# What this wraps, and the SHA-256 of its source, to which it was written.
CHECKS_KEY = ("_check_api_key", "e7df68848ea11362018cfd961e41d3ccf61f4d45edf2f68b54925b93ee446d63")
BUILDS_EVENT = ("_build_lambda_event_v1", "c7ac97b91f6ee999dc7d5b7678873652583bce517f4fd37554d469f81f827065")


def expect(condition, what):
    if not condition:
        sys.exit(f"error: {what}; local/launch_ministack.py was written to MiniStack {VERSION} and must be looked at")


def original(module, name, digest):
    function = getattr(module, name, None)
    expect(function is not None, f"MiniStack's {module.__name__} has no {name}")
    found = hashlib.sha256(inspect.getsource(function).encode()).hexdigest()
    expect(found == digest, f"MiniStack's {name} is not the one expected ({found})")
    return function


def fill_identity():
    from ministack.services import apigateway_v1 as gateway

    check_api_key = original(gateway, *CHECKS_KEY)
    build_event = original(gateway, *BUILDS_EVENT)
    # The gateway checks the key and builds the event in the same task, and may serve the next request in it.
    checked = ContextVar("checked", default=None)

    @functools.wraps(check_api_key)
    def remember_api_key(*arguments, **named):
        error, key = check_api_key(*arguments, **named)
        checked.set(key)
        return error, key

    @functools.wraps(build_event)
    def tell_api_key(*arguments, **named):
        event = build_event(*arguments, **named)
        key = checked.get()
        checked.set(None)
        if key:
            event["requestContext"]["identity"].update({"apiKey": key["value"], "apiKeyId": key["id"]})
        return event

    setattr(gateway, CHECKS_KEY[0], remember_api_key)
    setattr(gateway, BUILDS_EVENT[0], tell_api_key)


def main():
    found = version("ministack")
    expect(found == VERSION, f"this is MiniStack {found}")
    fill_identity()
    from ministack.app import main as run

    run()


if __name__ == "__main__":
    main()
