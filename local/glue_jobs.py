"""Runs Glue's Spark jobs. MiniStack needs Docker for that, and without it says that they succeeded.

- A run is a process group of its own (glue_run.py): a Spark Connect server, and the job's script
  with its arguments, in the Python that ROWGATE_LAKE_PYTHON names. Both end with MiniStack.
- It has the rights of the job's role and no more, as functions do: also to read its own script.
- States are those of AWS: STARTING, RUNNING, then SUCCEEDED, FAILED with the last line of the
  traceback, TIMEOUT after the job's minutes, or STOPPED by way of STOPPING.
- MaxConcurrentRuns is enforced, and 1 where a job does not say.
- What was running when MiniStack ended is FAILED when it is back.

Not as on AWS: there are no workers, a job does not retry by itself (MaxRetries), and logs are not
in CloudWatch but in logs/glue/ of the folder of the local cloud.
"""

import contextvars
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlparse

from pins import original, replaces

# The wrapped function, and the SHA-256 of the source that this was written for.
CREATES_JOB = ("_create_job", "a6e2c6ef3e8ee2a35add239928b9921f58fa04a07159c52a5464a5e3ec0a498d")
UPDATES_JOB = ("_update_job", "e31cf7aa93c708facfaebf74afdfa0bbc48d36cb97a4c84f9e3bf1ccabdd0ad5")
PASSES_FIELDS = (
    "_glue_job_fields",
    "7921dc98654e9749ca7b99b1b311c0457f7412518aef240b2f048593b6607278",
)
GIVES_ARGUMENTS = (
    "_script_args",
    "413451960451c1a5cc17d3d5ce1d3bf111f6a6f8e2bd4d7f546236c1704ae117",
)
STARTS_RUN = ("_start_job_run", "41059030ccc15457aca5e843cdf5f796e126587bfda7c7b5ec2177692f55494f")
STOPS_RUNS = (
    "_batch_stop_job_run",
    "330013f2a1a5e6b2905ee358c8b1ef363f6150c188ff828f9a6300eeb57cd752",
)
LOADS_STATE = (
    "load_persisted_state",
    "6f58d9dc1e6e4edf4200deb80c8883d56a99697ac2c412007742e9b4c895bf6d",
)
REGISTERS_SESSION = (
    "register_session",
    "a84ec986ec0121463da9c469b685e3f92025acc323517b9ea5943aeb876f7615",
)

# Seconds in a minute of a job's time-out; the tests have shorter ones.
MINUTE = 60
ACTIVE = ("STARTING", "RUNNING", "STOPPING")
ENGINE_MISSING = "the lake's engine is not installed; run make lake"
# The size of the end of a log that is searched for the traceback.
SEARCHED = 256 * 1024
# The variables of MiniStack that a run gets; the mark lets `rowgate local down` find it.
INHERITED = ("PATH", "HOME", "USER", "LANG", "ROWGATE_LOCAL_PROCESS")

# Runs that have not ended, by id.
live = {}
lock = threading.Lock()


class Run:
    """One run of a job, and its processes."""

    def __init__(self, record, job, arguments):
        from ministack.core.responses import get_account_id, get_region

        self.record = record
        self.job = job
        self.arguments = arguments
        self.account = get_account_id()
        self.region = get_region()
        # Why it was killed: STOPPED or TIMEOUT.
        self.killed = None
        self.process = None
        self.log = Path("logs", "glue", record["JobName"], record["Id"] + ".log").absolute()

    def enter(self, state, **fields):
        """Enters a state; the last one ends the run."""
        with lock:
            # A run that is being stopped does not run again.
            if state == "RUNNING" and self.killed:
                return
            self.record.update(fields, JobRunState=state, LastModifiedOn=now())
            if state not in ACTIVE:
                live.pop(self.record["Id"], None)
        print(f"Glue job {self.record['JobName']}, run {self.record['Id']}: {state}", flush=True)

    def kill(self, why):
        """Kills the run's processes, and those it is about to start; False where it has ended."""
        with lock:
            if self.killed or self.record["Id"] not in live:
                return False
            self.killed = why
            if why == "STOPPED":
                self.record.update(JobRunState="STOPPING", LastModifiedOn=now())
            self.kill_processes()
            return True

    def kill_processes(self):
        # Nobody but the thread of the run waits for the process: until then its id is its own.
        if self.process is not None and self.process.returncode is None:
            os.killpg(self.process.pid, signal.SIGKILL)

    def execute(self):
        """Runs the job from start to end, on a thread of its own."""
        started = time.time()
        folder = tempfile.mkdtemp(prefix="glue-")
        try:
            state, message = self.attempt(Path(folder))
        except Exception as error:
            state, message = "FAILED", f"{type(error).__name__}: {error}"
        shutil.rmtree(folder, ignore_errors=True)
        seconds = round(time.time() - started)
        self.enter(state, CompletedOn=now(), ExecutionTime=seconds, ErrorMessage=message)

    def attempt(self, folder):
        python = Path(os.environ.get("ROWGATE_LAKE_PYTHON") or "/nonexistent")
        if not python.is_file():
            return "FAILED", ENGINE_MISSING
        environment = self.environment(folder)
        script = self.download(self.job["Command"]["ScriptLocation"], folder, environment)
        libraries = [
            self.download(location, folder / f"library-{number}", environment)
            for number, location in enumerate(listed(self.arguments.get("--extra-py-files")))
        ]
        # An archive is on the path itself, a module by its folder.
        paths = [each.parent if each.suffix == ".py" else each for each in libraries]
        environment["PYTHONPATH"] = os.pathsep.join(map(str, paths))
        work = folder / "work"
        work.mkdir()
        self.log.parent.mkdir(parents=True, exist_ok=True)
        runner, server_log = (
            Path(__file__).with_name("glue_run.py"),
            self.log.with_suffix(".spark.log"),
        )
        command = [sys.executable, runner, server_log, python, script]
        arguments = [str(word) for pair in self.arguments.items() for word in pair]
        with self.log.open("wb") as log, lock:
            if not self.killed:
                self.process = subprocess.Popen(
                    [*command, *arguments],
                    cwd=work,
                    env=environment,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                    start_new_session=True,
                )
        return self.outcome()

    def outcome(self):
        """Waits for the end of the processes; returns the state and the message."""
        code = timer = None
        if self.process is not None:
            for line in self.process.stdout:
                word, _, value = line.strip().partition(" ")
                if word == "running":
                    self.enter("RUNNING")
                    timer = threading.Timer(self.record["Timeout"] * MINUTE, self.kill, ["TIMEOUT"])
                    timer.daemon = True
                    timer.start()
                elif word == "ended":
                    code = int(value)
            with lock:
                self.kill_processes()
            if timer:
                timer.cancel()
            self.process.wait()
            self.process.stdin.close()
        if self.killed == "TIMEOUT":
            return "TIMEOUT", f"the run took longer than {self.record['Timeout']} minutes"
        if self.killed:
            return self.killed, None
        if code == 0:
            return "SUCCEEDED", None
        return "FAILED", error_message(self.log, code)

    def environment(self, folder):
        """The environment of the run: this MiniStack, and credentials of the job's role."""
        from ministack.services import sts

        role = self.job["Role"].rsplit("/", 1)[-1]
        name = "GlueJobRunnerSession"
        key, secret, token = (secrets.token_hex(size) for size in (8, 20, 32))
        key = "ASIA" + key.upper()
        sts.register_session(
            key,
            {
                "Arn": f"arn:aws:sts::{self.account}:assumed-role/{role}/{name}",
                "UserId": f"{role}:{name}",
                "SecretAccessKey": secret,
                "SessionToken": token,
                # An hour more than the run may take.
                "Expiration": time.time() + self.record["Timeout"] * 60 + 3600,
            },
        )
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        endpoint = os.environ["AWS_ENDPOINT_URL"]
        return inherited | {
            "TZ": "UTC",
            "TMPDIR": str(folder),
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
            "AWS_ENDPOINT_URL": endpoint,
            # Variables that Sail reads in addition.
            "AWS_ENDPOINT": endpoint,
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_SESSION_TOKEN": token,
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def download(self, location, folder, environment):
        """Fetches an object by the rights of the run, as Glue does."""
        from botocore.config import Config
        from botocore.session import Session

        s3 = Session().create_client(
            "s3",
            region_name=self.region,
            endpoint_url=environment["AWS_ENDPOINT_URL"],
            aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=environment["AWS_SESSION_TOKEN"],
            config=Config(s3={"addressing_style": "path"}),
        )
        url = urlparse(location)
        path = folder / Path(url.path).name
        path.parent.mkdir(parents=True, exist_ok=True)
        answer = s3.get_object(Bucket=url.netloc, Key=url.path.lstrip("/"))
        path.write_bytes(answer["Body"].read())
        return path


def now():
    return round(time.time(), 3)


def listed(value):
    return [part.strip() for part in (value or "").split(",") if part.strip()]


def error_message(log, code):
    """Returns what Glue says of a run that failed: the last line of the traceback."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - SEARCHED))
        lines = file.read().decode(errors="replace").splitlines()
    # Python reports what happens while it ends in tracebacks as well.
    starts = [
        number
        for number, line in enumerate(lines)
        if line.startswith("Traceback (most recent call last)")
        and not (number and lines[number - 1].startswith(("Exception ignored", "Exception in ")))
    ]
    if starts:
        for line in lines[starts[-1] + 1 :]:
            if re.match(r"[A-Za-z_]", line):
                return line
    if code is None or code < 0:
        return "the script was killed" + (f" by signal {-code}" if code else "")
    # A script that does not compile, or ends by itself, says so in its last line.
    said = next((line for line in reversed(lines) if line.strip()), "")
    if re.match(r"\w+(Error|Exception): ", said):
        return said
    return f"SystemExit: {said if said and code == 1 else code}"


def keep_execution_property(glue):
    """Lets a job keep how many runs it may have at once, also from a template."""
    from ministack.services.cloudformation import provisioners

    field = "ExecutionProperty"

    @replaces(glue, *CREATES_JOB)
    def create(create_job, data):
        answer = create_job(data)
        if answer[0] < 300:
            glue._jobs[data["Name"]][field] = data.get(field) or {"MaxConcurrentRuns": 1}
        return answer

    @replaces(glue, *UPDATES_JOB)
    def update(update_job, data):
        answer = update_job(data)
        if answer[0] < 300 and field in data.get("JobUpdate", {}):
            glue._jobs[data["JobName"]][field] = data["JobUpdate"][field]
        return answer

    @replaces(provisioners, *PASSES_FIELDS)
    def with_execution_property(pass_fields, props):
        return pass_fields(props) | {field: props.get(field) or {"MaxConcurrentRuns": 1}}


def run_jobs(glue):
    """Makes the runs of Spark jobs real."""
    from ministack.core.responses import error_response_json, json_response

    give_arguments = original(glue, *GIVES_ARGUMENTS)

    @replaces(glue, *STARTS_RUN)
    def start(start_run, data):
        name = data.get("JobName")
        job = glue._jobs.get(name)
        if job is None or not glue._is_spark_job(job):
            return start_run(data)
        arguments = data.get("Arguments") or {}
        limit = int((job.get("ExecutionProperty") or {}).get("MaxConcurrentRuns") or 1)
        with lock:
            runs = glue._job_runs.get(name) or []
            if sum(run["Id"] in live for run in runs) >= limit:
                return error_response_json(
                    "ConcurrentRunsExceededException", f"Concurrent runs exceeded for {name}", 400
                )
            record = {
                "Id": "jr_" + secrets.token_hex(32),
                "JobName": name,
                "StartedOn": now(),
                "LastModifiedOn": now(),
                # Clients leave out members without a value. It is here because the record must not
                # grow later, while it may be saved.
                "CompletedOn": None,
                "ErrorMessage": None,
                "JobRunState": "STARTING",
                "Arguments": arguments,
                "PredecessorRuns": [],
                "ExecutionTime": 0,
                "Timeout": int(data.get("Timeout") or job["Timeout"]),
                "Attempt": 0,
                "LogGroupName": "/aws-glue/jobs",
                **{
                    key: data.get(key) or job[key]
                    for key in ("WorkerType", "NumberOfWorkers", "GlueVersion")
                },
            }
            argv = give_arguments(job, name, record["Id"], arguments)
            argv |= job.get("NonOverridableArguments") or {}
            run = Run(record, job, argv)
            glue._job_runs[name] = [*runs, record]
            live[record["Id"]] = run
        # The thread must know the account and the region of the request.
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=[run.execute], daemon=True).start()
        return json_response({"JobRunId": record["Id"]})

    @replaces(glue, *STOPS_RUNS)
    def stop(stop_runs, data):
        name, ours, others = data.get("JobName"), [], []
        for run_id in data.get("JobRunIds", []):
            run = live.get(run_id)
            stopped = run and run.record["JobName"] == name and run.kill("STOPPED")
            (ours if stopped else others).append(run_id)
        status, _, body = stop_runs({**data, "JobRunIds": others})
        answer = json.loads(body)
        answer["SuccessfulSubmissions"] += [
            {"JobName": name, "JobRunId": run_id} for run_id in ours
        ]
        return json_response(answer, status)


def fail_interrupted_runs(glue):
    """Fails the runs that MiniStack's end has interrupted, when it is back."""

    @replaces(glue, *LOADS_STATE)
    def load(load_state, data):
        answer = load_state(data)
        for runs in glue._job_runs._data.values():
            for run in runs:
                if run["JobRunState"] in ACTIVE:
                    run.update(
                        JobRunState="FAILED",
                        ErrorMessage="the local cloud was stopped while the job ran",
                        CompletedOn=run["LastModifiedOn"],
                    )
        return answer


def install():
    from ministack.services import glue, sts

    original(sts, *REGISTERS_SESSION)
    keep_execution_property(glue)
    run_jobs(glue)
    fail_interrupted_runs(glue)
