"""Refuses requests with headers that a signed link does not contain.

AWS takes a request by a presigned link only if every header of it that begins with `x-amz-` was
signed: whoever has a link to drop a file cannot add settings or another access rule to it.
MiniStack checks the headers that were signed, and lets others pass.
"""

from pins import replaces

# The wrapped function, and the SHA-256 of the source that this was written for.
VERIFIES_LINK = (
    "_verify_presigned_sigv4",
    "a71da1859e2afb677f7bf01bf6652aaef765c72953bf375335d6f9fe9beba8c6",
)
# States that the content was unknown when the link was signed.
UNBOUND = "x-amz-content-sha256"


def install():
    from ministack.services import s3

    @replaces(s3, *VERIFIES_LINK)
    def refuse_unsigned_headers(verify_link, method, path, headers, query_params):
        error = verify_link(method, path, headers, query_params)
        if error is not None or not s3._qp(query_params, "X-Amz-Signature", ""):
            return error
        signed = s3._qp(query_params, "X-Amz-SignedHeaders", "").lower().split(";")
        others = {name.lower() for name in headers} - {UNBOUND, *signed}
        unsigned = sorted(name for name in others if name.startswith("x-amz-"))
        if not unsigned:
            return None
        return s3._error(
            "AccessDenied",
            "There were headers present in the request which were not signed",
            403,
            path,
            extra={"HeadersNotSigned": ", ".join(unsigned)},
        )
