"""Locks an account after wrong passwords, as Cognito does.

After five wrong passwords an account is locked for a second, and for twice as long after each
further one, up to about a quarter of an hour; what is tried meanwhile, also the right password, is
refused and counts for nothing. The count ends with a sign-in, or a quarter of an hour without a
try. MiniStack lets everybody guess for ever.
"""

import json
import time

from pins import replaces

# The wrapped function, and the SHA-256 of the source that this was written for.
SIGNS_IN = (
    "_admin_initiate_auth",
    "fe990340921ce3c5662a61cff3b5d5cd29d8a5d706e953a0bffdc540818282f1",
)
PASSWORD_FLOWS = ("ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH")
FREE_TRIES = 5
LONGEST = 900
WRONG_PASSWORD = "Incorrect username or password."


class Tries:
    """The wrong passwords for one account."""

    def __init__(self):
        self.count = 0
        self.last = 0.0

    def is_locked(self, now):
        if self.count < FREE_TRIES:
            return False
        return now - self.last < min(2 ** (self.count - FREE_TRIES), LONGEST)

    def add(self, now):
        self.count = 1 if now - self.last > LONGEST else self.count + 1
        self.last = now


def install(clock=time.time):
    from ministack.services import cognito

    # By pool and name. A restart forgets them.
    wrong = {}

    @replaces(cognito, *SIGNS_IN)
    def count_wrong_passwords(sign_in, data):
        name = (data.get("AuthParameters") or {}).get("USERNAME")
        if data.get("AuthFlow") not in PASSWORD_FLOWS or not name:
            return sign_in(data)
        account = (data.get("UserPoolId"), name.lower())
        now = clock()
        tries = wrong.get(account, Tries())
        if tries.is_locked(now):
            return cognito.error_response_json(
                "NotAuthorizedException", "Password attempts exceeded", 400
            )
        answer = sign_in(data)
        status, _, body = answer
        if status == 200:
            wrong.pop(account, None)
        elif json.loads(body).get("message") == WRONG_PASSWORD:
            tries.add(now)
            wrong[account] = tries
        return answer
