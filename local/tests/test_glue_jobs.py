"""Glue's Spark jobs run for real, and their states are those of AWS."""

import io
import json
import os
import signal
import sys
import time
import zipfile

import pytest
from botocore.exceptions import ClientError
from conftest import BUCKET, ROLE, Cloud, policy

SLEEPS = "import time\ntime.sleep(600)\n"


class Job:
    """A Glue job whose script is the text given."""

    count = 0

    def __init__(self, cloud, script, **settings):
        self.cloud = cloud
        self.glue = cloud.client("glue")
        Job.count += 1
        self.name = f"job-{Job.count}"
        location = f"code/{self.name}.py"
        cloud.client("s3").put_object(Bucket=BUCKET, Key=location, Body=script)
        self.glue.create_job(
            Name=self.name,
            Role=ROLE,
            GlueVersion="5.1",
            Command={"Name": "glueetl", "ScriptLocation": f"s3://{BUCKET}/{location}"},
            **settings,
        )

    def start(self, **settings):
        return self.glue.start_job_run(JobName=self.name, **settings)["JobRunId"]

    def get(self, run):
        return self.glue.get_job_run(JobName=self.name, RunId=run)["JobRun"]

    def wait(self, run, *states):
        """Waits until the run is in one of the states, or has ended where none is named."""
        for _ in range(1200):
            found = self.get(run)
            ended = found["JobRunState"] not in ("STARTING", "RUNNING", "STOPPING")
            if found["JobRunState"] in states or (ended and not states):
                return found
            assert not ended, found
            time.sleep(0.05)
        raise AssertionError(f"{found} is not in {states}")

    def run(self, **settings):
        return self.wait(self.start(**settings))

    def log(self, run):
        return (self.cloud.folder / "logs" / "glue" / self.name / f"{run}.log").read_text()


def processes_of(job):
    """The ids of the processes that run for a job, by the name of its script."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline") as file:
                command = file.read()
        except OSError:
            continue
        if f"/{job.name}.py" in command:
            found.append(int(pid))
    return found


def gone(job):
    for _ in range(100):
        if not processes_of(job):
            return True
        time.sleep(0.05)
    return False


def test_script_gets_arguments_and_spark(cloud):
    script = """
import json, sys
from pyspark.sql import SparkSession
import helper
spark = SparkSession.builder.getOrCreate()
print(json.dumps([sys.argv[1:], int(spark.range(3).count()), helper.WORD]))
"""
    library = io.BytesIO()
    with zipfile.ZipFile(library, "w") as archive:
        archive.writestr("helper.py", "WORD = 'from the library'")
    cloud.client("s3").put_object(Bucket=BUCKET, Key="code/a.zip", Body=library.getvalue())
    job = Job(
        cloud,
        script,
        DefaultArguments={
            "--extra-py-files": f"s3://{BUCKET}/code/a.zip",
            "--step": "bronze",
            "--word": "of the job",
        },
    )
    run = job.start(Arguments={"--step": "gold", "--text": "with ümlaut; and $space"})
    found = job.wait(run)
    assert found["JobRunState"] == "SUCCEEDED", job.log(run)
    assert "ErrorMessage" not in found
    assert found["CompletedOn"] >= found["StartedOn"]
    arguments, count, word = json.loads(job.log(run).splitlines()[-1])
    assert (count, word) == (3, "from the library")
    assert dict(zip(arguments[::2], arguments[1::2], strict=True)) == {
        "--extra-py-files": f"s3://{BUCKET}/code/a.zip",
        "--step": "gold",
        "--word": "of the job",
        "--text": "with ümlaut; and $space",
        "--JOB_NAME": job.name,
        "--JOB_RUN_ID": run,
    }
    assert gone(job)


def test_a_run_goes_through_starting_and_running(cloud):
    job = Job(cloud, SLEEPS)
    run = job.start()
    assert job.get(run)["JobRunState"] == "STARTING"
    job.wait(run, "RUNNING")
    job.glue.batch_stop_job_run(JobName=job.name, JobRunIds=[run])
    job.wait(run, "STOPPED")


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (
            "try:\n    1 / 0\n"
            "except ZeroDivisionError as e:\n    raise ValueError('7 rows are bad') from e\n",
            "ValueError: 7 rows are bad",
        ),
        (
            # What is said while Python ends is not the reason.
            "class Noisy:\n    def __del__(self):\n        raise OSError('late')\n"
            "noisy = Noisy()\nraise KeyError('the reason')\n",
            "KeyError: 'the reason'",
        ),
        ("import sys\nsys.exit('it cannot be')\n", "SystemExit: it cannot be"),
        ("import sys\nprint('so far')\nsys.exit(3)\n", "SystemExit: 3"),
        ("import os\nos.abort()\n", "the script was killed by signal 6"),
        ("this is no python\n", "SyntaxError: invalid syntax"),
    ],
)
def test_failure_has_the_last_line_of_the_traceback(cloud, script, message):
    found = Job(cloud, script).run()
    assert (found["JobRunState"], found["ErrorMessage"]) == ("FAILED", message)


def test_a_missing_script_fails_the_run(cloud):
    job = Job(cloud, "")
    cloud.client("s3").delete_object(Bucket=BUCKET, Key=f"code/{job.name}.py")
    found = job.run()
    assert found["JobRunState"] == "FAILED"
    assert "GetObject" in found["ErrorMessage"]


def test_a_run_has_the_rights_of_its_role_alone(cloud):
    script = f"""
import sys, boto3
boto3.client("s3").put_object(Bucket="{BUCKET}", Key="data/a", Body=b"")
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
spark.range(2).write.mode("overwrite").parquet("s3://{BUCKET}/data/table")
assert spark.read.parquet("s3://{BUCKET}/data/table").count() == 2
"""
    job = Job(cloud, script)
    found = job.run()
    assert found["JobRunState"] == "FAILED"
    assert "AccessDenied" in found["ErrorMessage"]
    iam = cloud.client("iam")
    writes = {"Effect": "Allow", "Action": "s3:*", "Resource": [f"arn:aws:s3:::{BUCKET}/data/*"]}
    lists = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{BUCKET}"}
    iam.put_role_policy(RoleName="lake", PolicyName="data", PolicyDocument=policy(writes, lists))
    try:
        run = job.start()
        assert job.wait(run)["JobRunState"] == "SUCCEEDED", job.log(run)
        # Spark has them as well.
        writes["Action"] = "s3:PutObject"
        writes["Resource"] = f"arn:aws:s3:::{BUCKET}/data/a"
        iam.put_role_policy(RoleName="lake", PolicyName="data", PolicyDocument=policy(writes))
        found = job.run()
        assert found["JobRunState"] == "FAILED"
        assert "denied" in found["ErrorMessage"].lower() or "403" in found["ErrorMessage"], found
    finally:
        iam.delete_role_policy(RoleName="lake", PolicyName="data")


def test_a_condition_on_the_namespace_of_metrics_holds(cloud):
    script = """
import sys, boto3
boto3.client("cloudwatch").put_metric_data(
    Namespace=sys.argv[sys.argv.index("--namespace") + 1],
    MetricData=[{"MetricName": "Rows", "Value": 1}],
)
"""
    job = Job(cloud, script)
    iam = cloud.client("iam")
    puts = {
        "Effect": "Allow",
        "Action": "cloudwatch:PutMetricData",
        "Resource": "*",
        "Condition": {"StringEquals": {"cloudwatch:namespace": ["Rowgate", "Glue"]}},
    }
    iam.put_role_policy(RoleName="lake", PolicyName="metrics", PolicyDocument=policy(puts))
    try:
        found = job.run(Arguments={"--namespace": "Rowgate"})
        assert found["JobRunState"] == "SUCCEEDED", found["ErrorMessage"]
        found = job.run(Arguments={"--namespace": "Other"})
        assert "AccessDenied" in found["ErrorMessage"]
    finally:
        iam.delete_role_policy(RoleName="lake", PolicyName="metrics")


def test_one_too_many_at_once_is_refused(cloud):
    job = Job(cloud, SLEEPS)
    first = job.start()
    with pytest.raises(ClientError) as error:
        job.start()
    assert error.value.response["Error"] == {
        "Code": "ConcurrentRunsExceededException",
        "Message": f"Concurrent runs exceeded for {job.name}",
    }
    job.glue.batch_stop_job_run(JobName=job.name, JobRunIds=[first])
    job.wait(first)
    second = job.start()
    job.glue.batch_stop_job_run(JobName=job.name, JobRunIds=[second])
    job.wait(second, "STOPPED")


def test_two_at_once_where_the_job_allows_them(cloud):
    job = Job(cloud, SLEEPS, ExecutionProperty={"MaxConcurrentRuns": 2})
    runs = [job.start(), job.start()]
    with pytest.raises(ClientError):
        job.start()
    job.glue.batch_stop_job_run(JobName=job.name, JobRunIds=runs)
    for run in runs:
        job.wait(run, "STOPPED")


def test_stopping_ends_the_processes(cloud):
    # A process that the script starts, too.
    script = """
import subprocess, sys
subprocess.run([sys.executable, "-c", "import time; time.sleep(600)", sys.argv[0]])
"""
    job = Job(cloud, script)
    run = job.start()
    job.wait(run, "RUNNING")
    while len(processes_of(job)) < 3:
        time.sleep(0.05)
    answer = job.glue.batch_stop_job_run(JobName=job.name, JobRunIds=[run, "jr_no"])
    assert [each["JobRunId"] for each in answer["SuccessfulSubmissions"]] == [run]
    assert [each["JobRunId"] for each in answer["Errors"]] == ["jr_no"]
    found = job.wait(run, "STOPPED")
    assert "ErrorMessage" not in found
    assert gone(job)
    answer = job.glue.batch_stop_job_run(JobName=job.name, JobRunIds=[run])
    assert answer["SuccessfulSubmissions"] == []


def test_a_run_that_takes_too_long_times_out(cloud):
    job = Job(cloud, SLEEPS, Timeout=1)
    found = job.run()
    assert (found["JobRunState"], found["Timeout"]) == ("TIMEOUT", 1)
    assert gone(job)


def test_a_template_says_how_many_may_run_at_once(cloud):
    job = Job(cloud, SLEEPS)
    location = f"s3://{BUCKET}/code/{job.name}.py"
    properties = {
        "Name": "of-a-template",
        "Role": ROLE,
        "Command": {"Name": "glueetl", "ScriptLocation": location},
        "ExecutionProperty": {"MaxConcurrentRuns": 3},
    }
    template = {"Resources": {"Job": {"Type": "AWS::Glue::Job", "Properties": properties}}}
    stacks = cloud.client("cloudformation")
    stacks.create_stack(StackName="jobs", TemplateBody=json.dumps(template))
    stacks.get_waiter("stack_create_complete").wait(StackName="jobs", WaiterConfig={"Delay": 1})

    def limit():
        found = cloud.client("glue").get_job(JobName="of-a-template")["Job"]
        return found["ExecutionProperty"]["MaxConcurrentRuns"]

    assert limit() == 3
    properties["ExecutionProperty"]["MaxConcurrentRuns"] = 2
    stacks.update_stack(StackName="jobs", TemplateBody=json.dumps(template))
    stacks.get_waiter("stack_update_complete").wait(StackName="jobs", WaiterConfig={"Delay": 1})
    assert limit() == 2


def test_nothing_outlives_ministack_and_its_runs_fail(tmp_path):
    cloud = Cloud(tmp_path)
    cloud.start(lake_python=tmp_path / "no" / "python")
    cloud.make_bucket_and_role()
    missing = Job(cloud, SLEEPS)
    found = missing.run()
    assert (found["JobRunState"], found["ErrorMessage"]) == (
        "FAILED",
        "the lake's engine is not installed; run make lake",
    )
    cloud.stop()

    cloud.start(lake_python=sys.executable)
    stopped, killed = Job(cloud, SLEEPS), Job(cloud, SLEEPS)
    run = stopped.start()
    stopped.wait(run, "RUNNING")
    cloud.stop()
    assert gone(stopped)

    cloud.start()
    found = stopped.get(run)
    assert found["JobRunState"] == "FAILED"
    assert found["ErrorMessage"] == "the local cloud was stopped while the job ran"
    # And may run again.
    run = stopped.start()
    stopped.wait(run, "RUNNING")
    killed.wait(killed.start(), "RUNNING")
    cloud.process.send_signal(signal.SIGKILL)
    cloud.process.wait(30)
    assert gone(stopped) and gone(killed)
