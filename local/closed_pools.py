"""Keeps people from signing up by themselves where a pool lets administrators alone add them.

AWS refuses SignUp then; MiniStack keeps the setting and lets everybody in.
"""

from pins import replaces

# The wrapped function, and the SHA-256 of the source that this was written for.
SIGNS_UP = (
    "_sign_up",
    "7c18b40cc0808ff8ea713519cd093d8844c34ab88442da9c2e166b6adfe998ca",
)


def install():
    from ministack.services import cognito

    @replaces(cognito, *SIGNS_UP)
    def refuse_in_closed_pools(sign_up, data):
        client = data.get("ClientId")
        for pool in cognito._user_pools.values():
            settings = pool.get("AdminCreateUserConfig") or {}
            closed = str(settings.get("AllowAdminCreateUserOnly")).lower() == "true"
            if client in pool["_clients"] and closed:
                return cognito.error_response_json(
                    "NotAuthorizedException", "SignUp is not permitted for this user pool", 400
                )
        return sign_up(data)
