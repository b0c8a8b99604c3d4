"""The settings of a run, from the job's arguments."""

import argparse
import enum
import re
from collections.abc import Sequence
from dataclasses import dataclass


class Step(enum.StrEnum):
    """A step of the pipeline, in the order of their runs."""

    BRONZE = "bronze"
    SILVER = "silver"
    GOLD = "gold"
    MAINTENANCE = "maintenance"


class Personal(enum.StrEnum):
    """The treatment of a column that the dictionary marks `personal`, in silver."""

    MASK = "mask"
    """`***` for a text, NULL for anything else; a NULL stays NULL."""
    OMIT = "omit"
    """No such column."""
    KEEP = "keep"
    """The value."""


@dataclass(frozen=True)
class Settings:
    """The arguments of one run."""

    step: Step
    backup: str
    """The id of the backup that the run is of."""
    run: str
    """The name of the pipeline's execution."""
    data_bucket: str
    lake_bucket: str
    database_prefix: str
    """The Glue databases are this and the layer's name."""
    personal: Personal
    bronze_keep_days: int
    """Days for which bronze keeps the rows of a backup, counted from its snapshot."""
    region: str | None
    """The region of all services, where the environment does not name it."""
    lineage_url: str | None
    """The URL of OpenLineage events, beside the lake bucket."""
    environment: str | None
    """The deployment's environment, a dimension of its metrics; none where the account has one."""


def read_settings(arguments: Sequence[str]) -> Settings:
    """Reads the job's arguments. Those that Glue adds by itself are ignored.

    Ends the process with a usage message when one is missing or wrong, as argparse does.
    """
    parser = argparse.ArgumentParser(prog="rowgate-lake", description=__doc__, allow_abbrev=False)
    parser.add_argument("--step", type=Step, choices=list(Step), required=True)
    parser.add_argument("--backup", type=_backup, required=True)
    parser.add_argument("--run", required=True)
    parser.add_argument("--data-bucket", required=True)
    parser.add_argument("--lake-bucket", required=True)
    parser.add_argument("--database-prefix", default="rowgate_")
    parser.add_argument("--personal", type=Personal, choices=list(Personal), default=Personal.MASK)
    parser.add_argument("--bronze-keep-days", type=_days, default=35)
    parser.add_argument("--region")
    parser.add_argument("--lineage-url")
    parser.add_argument("--environment")
    known, _ = parser.parse_known_args(arguments)
    return Settings(**vars(known))


def _backup(text: str) -> str:
    if not re.fullmatch(r"[0-9A-Za-z-]+", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no id of a backup")
    return text


def _days(text: str) -> int:
    days = int(text)
    if days < 1:
        raise argparse.ArgumentTypeError(f"{days} is not a number of days from 1")
    return days
