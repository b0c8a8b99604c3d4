"""The sources that people write: the dictionary and the files of gold."""

from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from zipfile import Path as ZipPath

from . import dictionary, gold
from .dictionary import Dictionary
from .errors import LakeError
from .gold import GoldTable


@dataclass(frozen=True)
class Sources:
    """`sql/dictionary.toml` and `sql/gold/*.sql`."""

    dictionary: Dictionary
    gold: tuple[GoldTable, ...]


def packed() -> Sources:
    """Reads the folder `sql` that the stack packs beside this package, in one zip file."""
    package = resources.files(__package__)
    if not isinstance(package, Path | ZipPath):
        raise LakeError(f"the package is in neither a folder nor a zip file: {package!r}")
    return read(package.parent / "sql")


def read(folder: Traversable) -> Sources:
    """Reads a folder with `dictionary.toml` and `gold/*.sql`; without the folder `gold` there is no
    gold.

    Raises DictionaryError or GoldFileError.
    """
    known = dictionary.parse((folder / "dictionary.toml").read_text(encoding="utf-8"))
    files = (folder / "gold").iterdir() if (folder / "gold").is_dir() else ()
    texts = {
        file.name: file.read_text(encoding="utf-8") for file in files if file.name.endswith(".sql")
    }
    return Sources(known, tuple(gold.parse(name, texts[name]) for name in sorted(texts)))
