"""Lineage as OpenLineage events: the inputs and outputs of a step, and its row counts.

Events go to `lineage/<run>/<step>-<id>.jsonl` in the lake bucket, and over HTTP where an address is
set. A receiver that does not answer costs no run: the log says so.
"""

import logging
import tempfile
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.facet_v2 import (
    error_message_run,
    input_statistics_input_dataset,
    output_statistics_output_dataset,
    parent_run,
    schema_dataset,
)
from openlineage.client.transport.file import FileConfig, FileTransport
from openlineage.client.transport.http import HttpConfig, HttpTransport
from openlineage.client.uuid import generate_new_uuid
from pyspark.sql import types as spark

from .objects import Objects
from .settings import Settings
from .state import now
from .storage import Size

log = logging.getLogger(__name__)

NAMESPACE = "rowgate"
"""The namespace of jobs."""
PRODUCER = "https://github.com/rowgate/rowgate"


@dataclass
class Flow:
    """The inputs and outputs of a step so far."""

    inputs: list[InputDataset] = field(default_factory=list)
    outputs: list[OutputDataset] = field(default_factory=list)

    def read(self, bucket: str, name: str, rows: int | None = None) -> None:
        """Notes an input: a table of the lake, or an object or folder of the data bucket."""
        statistics = input_statistics_input_dataset.InputStatisticsInputDatasetFacet(rowCount=rows)
        facets = {} if rows is None else {"inputStatistics": statistics}
        self.inputs.append(InputDataset(f"s3://{bucket}", name, inputFacets=facets))

    def wrote(self, bucket: str, name: str, size: Size, schema: spark.StructType) -> None:
        """Notes an output, with its size after the step."""
        fields = [
            schema_dataset.SchemaDatasetFacetFields(one.name, one.dataType.simpleString())
            for one in schema
        ]
        statistics = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
            rowCount=size.rows, size=size.bytes, fileCount=size.files
        )
        self.outputs.append(
            OutputDataset(
                f"s3://{bucket}",
                name,
                facets={"schema": schema_dataset.SchemaDatasetFacet(fields)},
                outputFacets={"outputStatistics": statistics},
            )
        )

    @property
    def rows(self) -> int:
        """The rows of all outputs."""
        return sum(
            one.outputFacets["outputStatistics"].rowCount
            for one in self.outputs
            if one.outputFacets
        )


class Lineage:
    """The events of one step of one run."""

    def __init__(self, settings: Settings, objects: Objects) -> None:
        self._objects = objects
        self._id = str(generate_new_uuid())
        self._key = f"lineage/{settings.run}/{settings.step}-{self._id}.jsonl"
        self._job = Job(NAMESPACE, f"lake.{settings.step}")
        self._parent = parent_run.ParentRunFacet(
            parent_run.Run(str(_id_of_run(settings.run))), parent_run.Job(NAMESPACE, "lake")
        )
        self._folder = tempfile.TemporaryDirectory(prefix="rowgate-lineage-")
        self._file = Path(self._folder.name) / "events.jsonl"
        self._clients = [
            OpenLineageClient(transport=FileTransport(FileConfig(str(self._file), append=True)))
        ]
        if settings.lineage_url:
            self._clients.append(
                OpenLineageClient(transport=HttpTransport(HttpConfig(settings.lineage_url)))
            )

    def started(self) -> None:
        """Says that the step begins."""
        self._emit(RunState.START, Flow(), {})

    def completed(self, flow: Flow) -> None:
        """Says that the step is done."""
        self._emit(RunState.COMPLETE, flow, {})

    def failed(self, flow: Flow, error: BaseException) -> None:
        """Reports that the step has failed, and what it had done until then."""
        message = error_message_run.ErrorMessageRunFacet(
            f"{type(error).__name__}: {error}", "PYTHON"
        )
        self._emit(RunState.FAIL, flow, {"errorMessage": message})

    def _emit(self, state: RunState, flow: Flow, facets: dict) -> None:
        run = Run(self._id, facets={"parent": self._parent, **facets})
        event = RunEvent(
            eventTime=now(),
            eventType=state,
            producer=PRODUCER,
            run=run,
            job=self._job,
            inputs=flow.inputs,
            outputs=flow.outputs,
        )
        for client in self._clients:
            try:
                client.emit(event)
            except Exception:
                log.warning(
                    "a lineage event was not taken by %s",
                    type(client.transport).__name__,
                    exc_info=True,
                )
        if state is not RunState.START:
            try:
                self._objects.upload(str(self._file), self._key)
            except Exception:
                log.warning("the lineage of the step could not be kept", exc_info=True)
            self._folder.cleanup()


def _id_of_run(run: str) -> uuid.UUID:
    """Makes one UUID for an execution, the same in each of its steps."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"rowgate:lake:{run}")
