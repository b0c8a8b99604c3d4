"""Small objects in S3: the manifest of a backup, and what the lake knows of its tables."""

import json
import re
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import ClientError

from .errors import BackupUnusableError

MANIFEST_FORMAT = 1
"""The form of manifests that this job reads; docs/restore.md describes it."""


@dataclass(frozen=True)
class BackupTable:
    """A table's entry in a manifest."""

    name: str
    rows: int
    checksum: str
    """A checksum of the rows, whatever their order and their files."""
    schema_fingerprint: str
    columns: tuple[str, ...]
    keys: tuple[str, ...]
    """The Avro files in the data bucket."""


@dataclass(frozen=True)
class Backup:
    """A backup that is complete."""

    id: str
    snapshot_time: str
    """The snapshot time of all its tables: `2026-11-21T02:00:01.123Z`."""
    tables: tuple[BackupTable, ...]
    loads: tuple[dict[str, Any], ...]
    """The loads that it has and the backup before it had not."""


class Objects:
    """JSON objects in a bucket."""

    def __init__(self, bucket: str) -> None:
        self.bucket = bucket
        self._s3 = boto3.client("s3")

    def read(self, key: str) -> Any | None:
        """Reads the object's JSON; None where there is no such object."""
        try:
            answer = self._s3.get_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
                return None
            raise
        return json.loads(answer["Body"].read())

    def read_start(self, key: str, length: int) -> bytes:
        """Reads the first bytes of an object, all where there are fewer."""
        found = self._s3.get_object(Bucket=self.bucket, Key=key, Range=f"bytes=0-{length - 1}")
        return found["Body"].read()

    def write(self, key: str, content: Any) -> None:
        """Writes JSON."""
        body = (json.dumps(content, indent=2) + "\n").encode()
        self._s3.put_object(Bucket=self.bucket, Key=key, Body=body, ContentType="application/json")

    def keys(self, prefix: str) -> list[str]:
        """Lists the keys below a prefix."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=prefix
        )
        return [found["Key"] for page in pages for found in page.get("Contents", ())]

    def delete(self, key: str) -> None:
        """Deletes an object; does nothing if it does not exist."""
        self._s3.delete_object(Bucket=self.bucket, Key=key)

    def upload(self, path: str, key: str) -> None:
        """Copies a file to the bucket."""
        self._s3.upload_file(path, self.bucket, key)


def read_backup(objects: Objects, backup: str) -> Backup:
    """Reads a backup's manifest.

    Raises BackupUnusableError where there is none, or where it has no tables or another form.
    """
    manifest = objects.read(f"backups/{backup}/manifest.json")
    if manifest is None:
        raise BackupUnusableError(
            f"the backup {backup} has no manifest in {objects.bucket}: "
            "it never completed, or it has expired"
        )
    if manifest.get("format") != MANIFEST_FORMAT or manifest.get("backup") != backup:
        raise BackupUnusableError(
            f"the manifest of the backup {backup} is of another format or of another backup"
        )
    if not manifest.get("tables"):
        raise BackupUnusableError(f"the backup {backup} has no tables")
    if unknown := [
        name for name in manifest["tables"] if not re.fullmatch(r"[a-z][a-z0-9_]*", name)
    ]:
        raise BackupUnusableError(
            f"the backup {backup} has a table {unknown[0]!r}, which is no name"
        )
    tables = tuple(
        BackupTable(
            name=name,
            rows=table["rows"],
            checksum=table["checksum"],
            schema_fingerprint=table["schema_fingerprint"],
            columns=tuple(table["columns"]),
            keys=tuple(f"backups/{backup}/{file['key']}" for file in table["files"]),
        )
        for name, table in manifest["tables"].items()
    )
    return Backup(backup, manifest["moment"], tables, tuple(manifest.get("loads", ())))
