"""Starts MiniStack as `launch_ministack.py` does, with minutes that are short enough for tests."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import glue_jobs  # noqa: E402
import launch_ministack  # noqa: E402

# Seconds.
glue_jobs.MINUTE = 3

launch_ministack.main()
