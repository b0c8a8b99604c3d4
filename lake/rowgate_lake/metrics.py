"""Metrics in CloudWatch, under the namespace of the functions' own.

With an environment, every metric has the dimension `environment`, as those of the functions do.
"""

import boto3

NAMESPACE = "Rowgate"

Dimensions = dict[str, str]


def put_broken(environment: str | None, broken: int) -> None:
    """Counts the expectations that are broken: zero where none is, so that an alarm ends."""
    _put(environment, {}, [("LakeExpectationsBroken", broken, "Count")])


def put_step(environment: str | None, step: str, seconds: float, rows: int) -> None:
    """Puts the time that a step took, and the rows of the tables that it left."""
    figures = [("LakeStepSeconds", seconds, "Seconds"), ("LakeStepRows", rows, "Count")]
    _put(environment, {"Step": step}, figures)


def _put(
    environment: str | None, dimensions: Dimensions, figures: list[tuple[str, float, str]]
) -> None:
    if environment:
        dimensions = {**dimensions, "environment": environment}
    named = [{"Name": name, "Value": value} for name, value in dimensions.items()]
    data = [
        {"MetricName": name, "Dimensions": named, "Value": value, "Unit": unit}
        for name, value, unit in figures
    ]
    boto3.client("cloudwatch").put_metric_data(Namespace=NAMESPACE, MetricData=data)
