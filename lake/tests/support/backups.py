"""Backups as Rowgate writes them: Avro files and a manifest."""

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import boto3
import fastavro

Row = Mapping[str, Any]
Fields = Mapping[str, Any]
"""Avro types by column: `{"id": "int", "name": ["null", "string"]}`."""

DATE = {"type": "int", "logicalType": "date"}
TIME = {"type": "int", "logicalType": "time-millis"}
TIMESTAMP = {"type": "long", "logicalType": "timestamp-millis"}
TIMESTAMP_6 = {"type": "long", "logicalType": "timestamp-micros"}
UUID = {"type": "string", "logicalType": "uuid"}


def decimal(precision: int, scale: int) -> dict[str, Any]:
    """The Avro type of a decimal."""
    return {"type": "bytes", "logicalType": "decimal", "precision": precision, "scale": scale}


def nullable(avro: Any) -> list[Any]:
    """A union of null and a type."""
    return ["null", avro]


@dataclass
class Part:
    """A table of a backup."""

    fields: Fields
    rows: Sequence[Row]
    parts: int = 1
    """Files that the rows are spread over."""


@dataclass
class Backups:
    """The folder `backups/` of a data bucket."""

    bucket: str
    made: int = field(default=0)

    def make(
        self,
        tables: Mapping[str, Part],
        time: str | None = None,
        loads: Sequence[Mapping[str, Any]] = (),
    ) -> str:
        """Writes a backup and gives its id. Without a time each is a day after the one before."""
        self.made += 1
        time = time or f"2026-01-{self.made:02}T02:00:00.000Z"
        moment = datetime.fromisoformat(time)
        backup = f"{moment:%Y%m%d-%H%M%S}-{self.made:08x}"
        manifest = {
            "format": 1,
            "backup": backup,
            "rowgate": "0.0.0",
            "dictionary": "0" * 16,
            "moment": time,
            "started_at": time,
            "finished_at": time,
            "codec": "deflate",
            "tables": {name: self._table(backup, name, table) for name, table in tables.items()},
            "loads": list(loads),
        }
        self.put(f"backups/{backup}/manifest.json", json.dumps(manifest).encode())
        return backup

    def _table(self, backup: str, name: str, table: Part) -> dict[str, Any]:
        schema = {
            "type": "record",
            "name": name,
            "namespace": "rowgate",
            "fields": [{"name": column, "type": avro} for column, avro in table.fields.items()],
        }
        parsed = fastavro.parse_schema(schema)
        files = []
        for number in range(table.parts):
            rows = list(table.rows)[number :: table.parts]
            content = io.BytesIO()
            fastavro.writer(content, parsed, rows, codec="deflate")
            body = content.getvalue()
            key = f"{name}/part-{number:05}.avro"
            self.put(f"backups/{backup}/{key}", body)
            files.append(
                {
                    "key": key,
                    "rows": len(rows),
                    "bytes": len(body),
                    "sha256": hashlib.sha256(body).hexdigest(),
                }
            )
        text = json.dumps(sorted(map(str, table.rows))).encode()
        return {
            "rows": len(table.rows),
            "bytes": sum(file["bytes"] for file in files),
            # Not the sum that Rowgate computes, but as much: the same for the same rows, whatever
            # their order.
            "checksum": hashlib.sha256(text).hexdigest()[:16],
            "schema_fingerprint": hashlib.sha256(json.dumps(schema).encode()).hexdigest(),
            "columns": list(table.fields),
            "files": files,
        }

    def put(self, key: str, body: bytes) -> None:
        """Writes an object."""
        boto3.client("s3").put_object(Bucket=self.bucket, Key=key, Body=body)

    def get(self, key: str) -> bytes:
        """Reads an object."""
        return boto3.client("s3").get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def expire(self, backup: str) -> None:
        """Removes a backup, as its retention does."""
        s3 = boto3.client("s3")
        for found in s3.list_objects_v2(Bucket=self.bucket, Prefix=f"backups/{backup}/").get(
            "Contents", []
        ):
            s3.delete_object(Bucket=self.bucket, Key=found["Key"])


def at(text: str) -> datetime:
    """A time in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
