"""Metrics in CloudWatch, under the namespace of the functions' own."""

import boto3

NAMESPACE = "Rowgate"


def put_broken(broken: int) -> None:
    """Counts the expectations that are broken: zero where none is, so that an alarm ends."""
    _put([{"MetricName": "LakeExpectationsBroken", "Value": broken, "Unit": "Count"}])


def put_step(step: str, seconds: float, rows: int) -> None:
    """Puts the time that a step took, and the rows of the tables that it left."""
    dimensions = [{"Name": "Step", "Value": step}]
    _put(
        [
            {
                "MetricName": "LakeStepSeconds",
                "Dimensions": dimensions,
                "Value": seconds,
                "Unit": "Seconds",
            },
            {
                "MetricName": "LakeStepRows",
                "Dimensions": dimensions,
                "Value": rows,
                "Unit": "Count",
            },
        ]
    )


def _put(data: list[dict[str, object]]) -> None:
    boto3.client("cloudwatch").put_metric_data(Namespace=NAMESPACE, MetricData=data)
