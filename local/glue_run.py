"""Runs one Glue job run: a Spark Connect server and the script that uses it.

    glue_run.py <log of the server> <python> <script> [<argument>...]

glue_jobs.py starts this as the leader of a process group. Standard output says when the script
starts (`running`) and how it ended (`ended <exit code>`); what the script says goes to standard
error. Standard input is a pipe that nothing is ever written to: when it closes, whoever started
this is gone. Either way the whole group is killed, with all that the script and the server started,
so that nothing outlives MiniStack, however that ends.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

HOST = "127.0.0.1"
# Seconds until the server listens, on a machine that may be busy compiling.
START_LIMIT = 90
# Another process may take the port that was free just before.
TRIES = 3


def kill_group():
    os.killpg(0, signal.SIGKILL)


def end_with_parent():
    sys.stdin.buffer.read()
    kill_group()


def report(what):
    print(what, flush=True)


def free_port():
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        return listener.getsockname()[1]


def listens(port):
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex((HOST, port)) == 0


def start_server(python, log):
    """Starts Sail beside the Python it is installed with; returns its port once it listens."""
    for _ in range(TRIES):
        port = free_port()
        command = [Path(python).with_name("sail"), "spark", "server"]
        server = subprocess.Popen(
            [*command, "--ip", HOST, "--port", str(port)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        deadline = time.monotonic() + START_LIMIT
        while server.poll() is None and time.monotonic() < deadline:
            if listens(port):
                return port
            time.sleep(0.05)
        server.kill()
    raise RuntimeError("the Spark server does not start; its log says why")


def main():
    server_log, python, script, *arguments = sys.argv[1:]
    threading.Thread(target=end_with_parent, daemon=True).start()
    with open(server_log, "wb") as log:
        port = start_server(python, log)
    report("running")
    code = subprocess.call(
        [python, script, *arguments],
        env=os.environ | {"SPARK_REMOTE": f"sc://{HOST}:{port}"},
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
    )
    report(f"ended {code}")


if __name__ == "__main__":
    try:
        main()
    except BaseException:
        sys.excepthook(*sys.exc_info())
        report("ended 1")
    finally:
        kill_group()
