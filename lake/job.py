"""Runs one step of the lake's pipeline: what AWS Glue starts, and what the local cloud starts in
its place."""

import sys

from rowgate_lake.main import main

if __name__ == "__main__":
    main(sys.argv[1:])
