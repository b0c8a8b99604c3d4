"""The DAGs for real, each with the rights that the template gives for it and no others."""

from datetime import UTC, datetime

from .conftest import Cloud

UNKNOWN_BACKUP = "20200101-000000-00000000"


def test_the_state_machine_is_run_and_its_event_is_followed(cloud: Cloud) -> None:
    began = datetime.now(UTC)
    run = cloud.run("rowgate_nightly", "NightlyPolicy", "CheckPolicy")
    assert run.succeeded
    assert "expectations checked, " in run.output
    executions = cloud.client("stepfunctions").list_executions(
        stateMachineArn=cloud.state_machine()
    )["executions"]
    newest = max(executions, key=lambda each: each["startDate"])
    assert newest["status"] == "SUCCEEDED"
    assert newest["startDate"] > began

    followed = cloud.run("rowgate_lake_events", "FollowPolicy", "CheckPolicy")
    assert followed.succeeded
    assert newest["name"] in followed.output


def test_the_steps_are_run_by_airflow(cloud: Cloud) -> None:
    began = datetime.now(UTC)
    assert cloud.run("rowgate_nightly_steps", "StepsPolicy", "CheckPolicy").succeeded
    runs = cloud.client("glue").get_job_runs(JobName="rowgate-lake")["JobRuns"]
    ours = sorted(
        (run for run in runs if run["StartedOn"] > began), key=lambda run: run["StartedOn"]
    )
    assert [run["JobRunState"] for run in ours] == ["SUCCEEDED"] * 4
    arguments = [run["Arguments"] for run in ours]
    assert [each["--step"] for each in arguments] == ["bronze", "silver", "gold", "maintenance"]
    assert len({(each["--backup"], each["--run"]) for each in arguments}) == 1
    assert not any(sign in arguments[0]["--run"] for sign in ":+")


def test_a_failure_says_which_step_and_why(cloud: Cloud) -> None:
    run = cloud.run("rowgate_nightly", "NightlyPolicy", "CheckPolicy", backup=UNKNOWN_BACKUP)
    assert not run.succeeded
    assert f"BackupFailed: there is no backup {UNKNOWN_BACKUP}" in run.output

    followed = cloud.run("rowgate_lake_events", "FollowPolicy", "CheckPolicy")
    assert not followed.succeeded
    assert f"failed at Backup: there is no backup {UNKNOWN_BACKUP}" in followed.output


def test_a_step_that_cannot_succeed_ends_the_run(cloud: Cloud) -> None:
    run = cloud.run("rowgate_nightly_steps", "StepsPolicy", "CheckPolicy", backup=UNKNOWN_BACKUP)
    assert not run.succeeded
    assert f"there is no backup {UNKNOWN_BACKUP}" in run.output
