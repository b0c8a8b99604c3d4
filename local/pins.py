"""Pins what the hooks of the local cloud reach into.

A hook wraps functions of MiniStack that are no interface. Each is named with the SHA-256 of the
source that the hook was written to, so that another MiniStack is refused in one sentence.
"""

import functools
import hashlib
import inspect
import sys

VERSION = "1.5.33"


def expect(condition, what):
    """Ends the program unless the condition holds."""
    if not condition:
        sys.exit(
            f"error: {what}; the files in local/ were written to MiniStack {VERSION} "
            "and must be looked at"
        )


def original(module, name, digest):
    """Returns a function of a module, the source of which must have this SHA-256."""
    function = getattr(module, name, None)
    expect(function is not None, f"MiniStack's {module.__name__} has no {name}")
    found = hashlib.sha256(inspect.getsource(function).encode()).hexdigest()
    expect(found == digest, f"MiniStack's {name} is not the one expected ({found})")
    return function


def replaces(module, name, digest):
    """Decorates what takes the place of a pinned function; that one is its first argument."""
    replaced = original(module, name, digest)

    def replace(function):
        replacement = functools.partial(function, replaced)
        setattr(module, name, functools.update_wrapper(replacement, replaced))
        return replacement

    return replace
