"""Starts MiniStack with what it lacks of AWS. No function may have a line that knows where it runs, so gaps are filled here.

- The API key that the gateway has checked. AWS tells a function the key and its id in requestContext.identity; MiniStack checks
  the key and says nothing. Rowgate tells its operator by that id.
- Transport. The policies of the bucket and of the queues refuse whatever does not come by TLS, and MiniStack, which obeys
  policies here (AUTH=true), is spoken to in plain text on the loopback interface. It takes that for TLS.
- Rights on the Data API, for which another server stands (crates/local-data-api). That one sends calls here, to a path that answers
  them all, and only asks whether their caller may make them: the operation on the cluster, and reading the secret.
- Rights on batches of messages. IAM knows no sqs:SendMessageBatch: who may send a message may send ten of them.

Every other version of MiniStack is refused: this reaches into its code.
"""

import functools
import hashlib
import inspect
import json
import sys
from contextvars import ContextVar
from importlib.metadata import version

VERSION = "1.5.33"
# What this wraps, and the SHA-256 of its source, to which it was written.
CHECKS_KEY = ("_check_api_key", "e7df68848ea11362018cfd961e41d3ccf61f4d45edf2f68b54925b93ee446d63")
BUILDS_EVENT = ("_build_lambda_event_v1", "c7ac97b91f6ee999dc7d5b7678873652583bce517f4fd37554d469f81f827065")
KEEPS_ORIGIN = ("pin_request_origin", "de819c1bd9ac2be4b8dd3c7a66d2c3c690fe74d95b4d42519ec581ac9ebf3b36")
NAMES_ACTION = ("extract_iam_action", "ec476b92d969822b69c5b51b7c86cbc85794d3126a2f4c15f70f5444851cd5a6")
ANSWERS_DATA_API = ("_handle_rds_data_request", "ede4eda7756d325cddecc9a6bd3518873caba1b9ea2f7ea4207f18c75634cac7")


def expect(condition, what):
    if not condition:
        sys.exit(f"error: {what}; local/launch_ministack.py was written to MiniStack {VERSION} and must be looked at")


def original(module, name, digest):
    function = getattr(module, name, None)
    expect(function is not None, f"MiniStack's {module.__name__} has no {name}")
    found = hashlib.sha256(inspect.getsource(function).encode()).hexdigest()
    expect(found == digest, f"MiniStack's {name} is not the one expected ({found})")
    return function


def fill_identity():
    from ministack.services import apigateway_v1 as gateway

    check_api_key = original(gateway, *CHECKS_KEY)
    build_event = original(gateway, *BUILDS_EVENT)
    # The gateway checks the key and builds the event in the same task, and may serve the next request in it.
    checked = ContextVar("checked", default=None)

    @functools.wraps(check_api_key)
    def remember_api_key(*arguments, **named):
        error, key = check_api_key(*arguments, **named)
        checked.set(key)
        return error, key

    @functools.wraps(build_event)
    def tell_api_key(*arguments, **named):
        event = build_event(*arguments, **named)
        key = checked.get()
        checked.set(None)
        if key:
            event["requestContext"]["identity"].update({"apiKey": key["value"], "apiKeyId": key["id"]})
        return event

    setattr(gateway, CHECKS_KEY[0], remember_api_key)
    setattr(gateway, BUILDS_EVENT[0], tell_api_key)


def take_loopback_for_tls():
    from ministack import app

    keep_origin = original(app, *KEEPS_ORIGIN)

    @functools.wraps(keep_origin)
    def keep_origin_by_tls(source_ip, _secure_transport):
        keep_origin(source_ip, True)

    setattr(app, KEEPS_ORIGIN[0], keep_origin_by_tls)


def send_batches_by_the_right_to_send():
    from ministack.core import iam_actions

    name_action = original(iam_actions, *NAMES_ACTION)

    @functools.wraps(name_action)
    def name_action_of_one(*arguments, **named):
        action = name_action(*arguments, **named)
        return action.removesuffix("Batch") if action and action.startswith("sqs:") else action

    setattr(iam_actions, NAMES_ACTION[0], name_action_of_one)


def judge_data_api_calls():
    from ministack import app

    original(app, *ANSWERS_DATA_API)

    async def judge(method, path, headers, body, query_params, request_id):
        if path not in app._RDS_DATA_PATHS:
            return None
        try:
            secret = json.loads(body)["secretArn"]
        except (ValueError, LookupError, TypeError):
            # What is wrong with the call is for the server to say that it was made to.
            return 204, {}, b""
        denied = app._enforce_rds_data(method, path, headers, body, query_params, request_id)
        if not denied:
            denied = app._enforce_data_plane(
                "rds-data", "secretsmanager:GetSecretValue", headers, query_params, request_id, resource_arn=secret
            )
        return denied or (204, {}, b"")

    setattr(app, ANSWERS_DATA_API[0], judge)


def main():
    found = version("ministack")
    expect(found == VERSION, f"this is MiniStack {found}")
    fill_identity()
    take_loopback_for_tls()
    send_batches_by_the_right_to_send()
    judge_data_api_calls()
    from ministack.app import main as run

    run()


if __name__ == "__main__":
    main()
