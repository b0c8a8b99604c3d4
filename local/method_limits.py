"""Lets templates throttle single methods.

CloudFormation names the path of a method's settings with `~1` in place of slashes
(`/~1login`). MiniStack looks for the path as it is, and so never finds the limits.
"""

from pins import replaces

# The wrapped function, and the SHA-256 of the source that this was written for.
READS_SETTINGS = (
    "_apigw_method_settings",
    "a30d9f51a34360a14a180c22c6c2643378f7c3307b77e475d49a5c59f4dd3c33",
)


def install():
    from ministack.services.cloudformation import provisioners

    @replaces(provisioners, *READS_SETTINGS)
    def with_slashes(read_settings, raw):
        settings = read_settings(raw)
        return {
            name.replace("/~1", "/", 1).replace("~1", "/"): entry
            for name, entry in settings.items()
        }
