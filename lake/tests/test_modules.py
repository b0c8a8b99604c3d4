"""The modules that Glue installs for the stack: the paragraph *On Glue* of `requirements.txt`."""

from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REQUIREMENTS = Path(__file__).parent.parent / "requirements.txt"
IMPORTED = {"deltalake", "openlineage-python"}

# Glue 5.1's Python, and the modules it brings that ours need:
# https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-python-libraries.html
ENVIRONMENT = {"python_version": "3.11", "python_full_version": "3.11.0", "extra": ""}
BROUGHT = {
    "attrs": "25.4.0",
    "certifi": "2025.10.5",
    "charset-normalizer": "3.4.4",
    "idna": "3.11",
    "packaging": "25.0",
    "python-dateutil": "2.9.0.post0",
    "requests": "2.32.5",
    "six": "1.17.0",
    "typing-extensions": "4.15.0",
    "urllib3": "2.5.0",
    "wrapt": "1.17.3",
}


def test_glue_installs_exactly_what_it_lacks_or_has_too_old_and_every_version_is_pinned():
    installed = read_installed()
    assert needed_beyond_glue(installed) == set(installed)


def read_installed() -> dict[str, str]:
    """The modules that Glue must install, with their versions."""
    _, after = REQUIREMENTS.read_text().split("# On Glue:")
    paragraph, *_ = after.split("\n\n")
    pins = [line.split("==") for line in paragraph.splitlines() if "==" in line]
    return {canonicalize_name(name): version for name, version in pins}


def needed_beyond_glue(installed: dict[str, str]) -> set[str]:
    """The modules that must be installed to satisfy all requirements of ours."""
    found: set[str] = set()
    seen: set[str] = set()
    ahead = [Requirement(name) for name in IMPORTED]
    while ahead:
        wanted = ahead.pop()
        name = canonicalize_name(wanted.name)
        if name not in BROUGHT or not wanted.specifier.contains(BROUGHT[name]):
            assert name in installed, f"{wanted} is neither on Glue nor pinned for it"
            assert wanted.specifier.contains(installed[name]), wanted
            found.add(name)
        if name not in seen:
            seen.add(name)
            # For Glue's own versions, today's requirements stand in.
            ahead += asked_for(name, installed.get(name))
    return found


def asked_for(name: str, version: str | None) -> list[Requirement]:
    """The requirements of a module on Glue."""
    module = distribution(name)
    assert version in (None, module.version), f"{name} {module.version} is installed here"
    asked = [Requirement(text) for text in module.requires or []]
    return [one for one in asked if one.marker is None or one.marker.evaluate(ENVIRONMENT)]
