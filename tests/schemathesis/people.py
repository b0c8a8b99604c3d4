"""Signs in at the people's door."""

import json
import os
import urllib.request


def operator_token():
    """An access token of the first operator, good for five minutes."""
    body = {"username": os.environ["ROWGATE_CONSOLE_USER"], "password": os.environ["ROWGATE_CONSOLE_PASSWORD"]}
    request = urllib.request.Request(
        os.environ["ROWGATE_PEOPLE_URL"] + "/login",
        data=json.dumps(body).encode(),
        headers={"content-type": "application/json"},
    )
    with urllib.request.urlopen(request) as response:
        return json.load(response)["access_token"]
