"""What the header of an Avro file says about its fields, as far as engines disagree about it."""

import io
import json
from collections.abc import Mapping
from typing import Any

MAX_HEADER_BYTES = 1024 * 1024
"""The bytes of a file that hold its header at most: Rowgate writes no longer one."""

_MAGIC = b"Obj\x01"


def logical_types(start: bytes) -> Mapping[str, str | None]:
    """Lists the fields of a file, each with its logical type, from the first bytes of the file.

    Raises ValueError where it is no Avro file.
    """
    stream = io.BytesIO(start)
    if stream.read(len(_MAGIC)) != _MAGIC:
        raise ValueError("it is no Avro file")
    meta = {}
    while count := _long(stream):
        if count < 0:
            _long(stream)  # the bytes of the entries
        for _ in range(abs(count)):
            name = _bytes(stream).decode()
            meta[name] = _bytes(stream)
    fields = json.loads(meta["avro.schema"])["fields"]
    return {field["name"]: _logical_type(field["type"]) for field in fields}


def _logical_type(kind: Any) -> str | None:
    if isinstance(kind, list):
        kind = next(branch for branch in kind if branch != "null")
    return kind.get("logicalType") if isinstance(kind, dict) else None


def _long(stream: io.BytesIO) -> int:
    number = shift = 0
    while True:
        byte = stream.read(1)
        if not byte:
            raise ValueError("it ends in its header")
        number |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return (number >> 1) ^ -(number & 1)
        shift += 7


def _bytes(stream: io.BytesIO) -> bytes:
    return stream.read(_long(stream))
