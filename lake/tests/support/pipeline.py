"""The steps of the job on one lake, and the content of its tables as delta-rs reads it."""

import json
import uuid
from dataclasses import dataclass, replace
from typing import Any, Self

import boto3
from deltalake import DeltaTable
from rowgate_lake import dictionary, gold, main
from rowgate_lake.settings import Personal, Settings, Step
from rowgate_lake.sources import Sources

from .backups import Backups

PIPELINE = (Step.BRONZE, Step.SILVER, Step.GOLD, Step.MAINTENANCE)

Rows = list[dict[str, Any]]


def sources(text: str, **files: str) -> Sources:
    """A dictionary and files of gold: `hires="/* … */ SELECT …"`."""
    tables = tuple(
        gold.parse(f"{name.replace('_', '-')}.sql", files[name]) for name in sorted(files)
    )
    return Sources(dictionary.parse(text), tables)


@dataclass
class Pipeline:
    """A lake."""

    session: Any
    backups: Backups
    bucket: str
    prefix: str
    personal: Personal = Personal.MASK
    lineage_url: str | None = None
    environment: str | None = None
    keep_days: int = 36_500

    @classmethod
    def make(cls, session: Any, backups: Backups) -> Self:
        """An empty lake over these backups."""
        unique = uuid.uuid4().hex[:12]
        boto3.client("s3").create_bucket(Bucket=f"lake-{unique}")
        for layer in ("bronze", "silver", "gold"):
            boto3.client("glue").create_database(DatabaseInput={"Name": f"p{unique}_{layer}"})
        return cls(session, backups, f"lake-{unique}", f"p{unique}_")

    def run(self, sources: Sources, backup: str, *steps: Step, run: str | None = None) -> None:
        """Runs the steps, all four where none is named."""
        for step in steps or PIPELINE:
            settings = Settings(
                step=step,
                backup=backup,
                run=run or f"run-of-{backup}",
                data_bucket=self.backups.bucket,
                lake_bucket=self.bucket,
                database_prefix=self.prefix,
                personal=self.personal,
                bronze_keep_days=self.keep_days,
                region=None,
                lineage_url=self.lineage_url,
                environment=self.environment,
            )
            main.run(self.session, settings, sources)

    def with_(self, **changes: Any) -> "Pipeline":
        """Returns the same lake with other settings."""
        return replace(self, **changes)

    def table(self, name: str) -> DeltaTable:
        """A table, `silver/employees`."""
        return DeltaTable(f"s3://{self.bucket}/{name}")

    def rows(self, name: str, *order: str) -> Rows:
        """The rows of a table's newest version, read by delta-rs, in the order of some columns."""
        rows = self.table(name).to_pyarrow_table().to_pylist()
        return sorted(
            rows, key=lambda row: tuple((row[column] is not None, row[column]) for column in order)
        )

    def has(self, name: str) -> bool:
        """Returns true if there is such a table."""
        return DeltaTable.is_deltatable(f"s3://{self.bucket}/{name}")

    def versions(self, *names: str) -> list[int]:
        """The newest versions of tables."""
        return [self.table(name).version() for name in names]

    def json(self, key: str) -> Any:
        """An object of the lake bucket."""
        return json.loads(boto3.client("s3").get_object(Bucket=self.bucket, Key=key)["Body"].read())

    def keys(self, prefix: str) -> list[str]:
        """The keys below a prefix."""
        pages = (
            boto3.client("s3")
            .get_paginator("list_objects_v2")
            .paginate(Bucket=self.bucket, Prefix=prefix)
        )
        return [found["Key"] for page in pages for found in page.get("Contents", [])]
