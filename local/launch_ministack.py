"""Starts MiniStack with what it lacks of AWS.

No function may have a line that knows where it runs, so gaps are filled here:

- Requests as they came. AWS hands a path on with its encoding, and every line of a header that is
  repeated; MiniStack decodes the path first, so that 7%23x is 7#x and %2F another slash, and joins
  the lines to one.
- The API key that the gateway has checked. AWS gives a function the key and its id in
  requestContext.identity; MiniStack checks the key and says nothing. Rowgate knows its operator by
  that id.
- Transport. The policies of the bucket and of the queues refuse whatever does not come by TLS, and
  MiniStack, which obeys policies here (AUTH=true), is spoken to in plain text on the loopback
  interface. It takes that for TLS.
- Rights on the Data API, for which another server stands (crates/local-data-api). That one sends
  calls here, to a path that answers them all, and only asks whether their caller may make them: the
  operation on the cluster, and reading the secret.
- Rights on batches of messages. IAM knows no sqs:SendMessageBatch: who may send a message may send
  ten of them.
- Conditions on the namespace of metrics. MiniStack does not know cloudwatch:namespace, and refuses
  whoever may write to one namespace alone.
- Glue's Spark jobs run (glue_jobs.py), and Athena reads Delta tables (athena_delta.py).
- People's door: signed links are good for what was signed alone (presigned_links.py), methods have
  the limits of the template (method_limits.py), who guesses passwords is locked out
  (sign_in_lockout.py), and nobody signs up to a pool that is closed (closed_pools.py).
- Passwords that templates have generated (generated_passwords.py).

Every other version of MiniStack is refused: this reaches into its code.
"""

import json
from contextvars import ContextVar
from importlib.metadata import version
from urllib.parse import unquote

import athena_delta
import closed_pools
import generated_passwords
import glue_jobs
import method_limits
import presigned_links
import sign_in_lockout
from pins import VERSION, expect, replaces

# The wrapped function, and the SHA-256 of the source that this was written for.
CHECKS_KEY = ("_check_api_key", "e7df68848ea11362018cfd961e41d3ccf61f4d45edf2f68b54925b93ee446d63")
PINS_REQUEST = (
    "pin_signed_request",
    "7fbb21e6b82f7fbd2f3d5adabfa1cfaeaa014852e82b408fa8aaddfd9017187b",
)
ANSWERS_API = (
    "_handle_execute_api_request",
    "77a20f6d604b17e37e4b39ee906ed2ae8bb3e54532442b24064590001dd62221",
)
BUILDS_EVENT = (
    "_build_lambda_event_v1",
    "c7ac97b91f6ee999dc7d5b7678873652583bce517f4fd37554d469f81f827065",
)
KEEPS_ORIGIN = (
    "pin_request_origin",
    "de819c1bd9ac2be4b8dd3c7a66d2c3c690fe74d95b4d42519ec581ac9ebf3b36",
)
NAMES_ACTION = (
    "extract_iam_action",
    "ec476b92d969822b69c5b51b7c86cbc85794d3126a2f4c15f70f5444851cd5a6",
)
BUILDS_CONTEXT = (
    "request_tag_context",
    "d46adb816e024778849a7919c64f0d53773c5b181cc759ce69db89215ce77154",
)
ANSWERS_DATA_API = (
    "_handle_rds_data_request",
    "ede4eda7756d325cddecc9a6bd3518873caba1b9ea2f7ea4207f18c75634cac7",
)


def hand_requests_on_as_they_came():
    from ministack import app
    from ministack.core.sigv4 import decode_header_value
    from ministack.services import apigateway_v1 as gateway

    # The header lines of the request that is being served.
    header_lines = ContextVar("header_lines", default=())

    @replaces(app, *PINS_REQUEST)
    def keep_header_lines(
        pin_request, method, raw_path, query_params, raw_headers, *arguments, **named
    ):
        header_lines.set(raw_headers)
        return pin_request(method, raw_path, query_params, raw_headers, *arguments, **named)

    # Resources are found by the path as well: an encoded slash is part of an id, and not between
    # two.
    @replaces(app, *ANSWERS_API)
    async def answer_by_encoded_path(answer_api, host, path, *arguments, raw_path=None, **named):
        return await answer_api(host, raw_path or path, *arguments, raw_path=raw_path, **named)

    @replaces(gateway, *BUILDS_EVENT)
    def keep_all_header_lines(build_event, *arguments, **named):
        event = build_event(*arguments, **named)
        values = {}
        for name, value in header_lines.get():
            values.setdefault(name.decode("latin-1").lower(), []).append(decode_header_value(value))
        event["multiValueHeaders"] = values
        event["headers"] = {name: lines[-1] for name, lines in values.items()}
        # Without their encoding, as before, and unlike the path.
        parameters = event["pathParameters"] or {}
        event["pathParameters"] = {
            name: unquote(value) for name, value in parameters.items()
        } or None
        return event


def fill_identity():
    from ministack.services import apigateway_v1 as gateway

    # The gateway checks the key and builds the event in the same task, and may serve the next
    # request in it.
    checked = ContextVar("checked", default=None)

    @replaces(gateway, *CHECKS_KEY)
    def remember_api_key(check_api_key, *arguments, **named):
        error, key = check_api_key(*arguments, **named)
        checked.set(key)
        return error, key

    @replaces(gateway, *BUILDS_EVENT)
    def pass_api_key(build_event, *arguments, **named):
        event = build_event(*arguments, **named)
        key = checked.get()
        checked.set(None)
        if key:
            event["requestContext"]["identity"].update(
                {"apiKey": key["value"], "apiKeyId": key["id"]}
            )
        return event


def take_loopback_for_tls():
    from ministack import app

    @replaces(app, *KEEPS_ORIGIN)
    def keep_origin_by_tls(keep_origin, source_ip, _secure_transport):
        keep_origin(source_ip, True)


def send_batches_by_the_right_to_send():
    from ministack.core import iam_actions

    @replaces(iam_actions, *NAMES_ACTION)
    def name_action_of_one(name_action, *arguments, **named):
        action = name_action(*arguments, **named)
        return action.removesuffix("Batch") if action and action.startswith("sqs:") else action


def know_namespace_of_metrics():
    from ministack.core import iam_actions

    @replaces(iam_actions, *BUILDS_CONTEXT)
    def with_namespace(build_context, service, action, body, parameters):
        context = build_context(service, action, body, parameters)
        if action != "cloudwatch:PutMetricData":
            return context
        try:
            namespace = json.loads(body)["Namespace"]
        except (ValueError, LookupError, TypeError):
            # An older client, which sends a form.
            namespace = iam_actions._query_param(parameters, "Namespace")
        return context | {"cloudwatch:namespace": namespace}


def authorize_data_api_calls():
    from ministack import app

    @replaces(app, *ANSWERS_DATA_API)
    async def authorize(_answer, method, path, headers, body, query_params, request_id):
        if path not in app._RDS_DATA_PATHS:
            return None
        try:
            secret = json.loads(body)["secretArn"]
        except (ValueError, LookupError, TypeError):
            # Errors in the call itself are left to the server that it was made to.
            return 204, {}, b""
        denied = app._enforce_rds_data(method, path, headers, body, query_params, request_id)
        if not denied:
            denied = app._enforce_data_plane(
                "rds-data",
                "secretsmanager:GetSecretValue",
                headers,
                query_params,
                request_id,
                resource_arn=secret,
            )
        return denied or (204, {}, b"")


def main():
    found = version("ministack")
    expect(found == VERSION, f"this is MiniStack {found}")
    hand_requests_on_as_they_came()
    fill_identity()
    take_loopback_for_tls()
    send_batches_by_the_right_to_send()
    know_namespace_of_metrics()
    authorize_data_api_calls()
    glue_jobs.install()
    athena_delta.install()
    presigned_links.install()
    method_limits.install()
    sign_in_lockout.install()
    closed_pools.install()
    generated_passwords.install()
    from ministack.app import main as run

    run()


if __name__ == "__main__":
    main()
