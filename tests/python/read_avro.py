"""Reads Avro files with fastavro, which Rowgate has no part in, and says in JSON what it has found.

Usage: read_avro.py <file>...

For each file: its metadata, its schema and its rows, every value as the database would print it.
"""

import datetime
import decimal
import json
import sys

import fastavro


def text(value):
    """A value as text; null stays null."""
    match value:
        case None:
            return None
        case bool():
            return "1" if value else "0"
        case int() | str():
            return str(value)
        case decimal.Decimal():
            return format(value, "f")
        case datetime.datetime():
            # Avro's time is UTC; a reader that knows of no zone may say so.
            value = value.astimezone(datetime.timezone.utc) if value.tzinfo else value
            # Python writes years below 1000 without zeros; there are none.
            return value.strftime("%Y-%m-%d %H:%M:%S") + (f".{value.microsecond:06}" if value.microsecond else "")
        case datetime.date():
            return value.isoformat()
        case _:
            raise TypeError(f"a {type(value).__name__}")


def read(path):
    with open(path, "rb") as file:
        reader = fastavro.reader(file)
        names = [field["name"] for field in reader.writer_schema["fields"]]
        rows = [[text(row[name]) for name in names] for row in reader]
        metadata = {name: value for name, value in reader.metadata.items() if name != "avro.schema"}
        return {"metadata": metadata, "codec": reader.codec, "schema": reader.writer_schema, "columns": names, "rows": rows}


def main():
    json.dump([read(path) for path in sys.argv[1:]], sys.stdout)


if __name__ == "__main__":
    main()
