"""Airflow in a folder of its own, which is set before anything imports Airflow."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

DAGS = Path(__file__).parents[1] / "dags"
HOME = tempfile.mkdtemp(prefix="rowgate-airflow-")

# The cloud that tests/cloud runs on; DAGs must be read without one.
CLOUD = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("AWS_")}

for name in [name for name in os.environ if name.startswith("AIRFLOW")]:
    del os.environ[name]
os.environ |= {
    "AIRFLOW_HOME": HOME,
    "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "PYTHONDONTWRITEBYTECODE": "1",
}
# Airflow has the folder of the DAGs on its path.
sys.path.insert(0, str(DAGS))


def pytest_sessionfinish() -> None:
    """Removes the folder."""
    shutil.rmtree(HOME, ignore_errors=True)
