"""Which API a document is, in which major version, and under which paths it is served."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePath

from common.errors import ConfigurationError
from common.spec.dialect import Dialect, Schema

PREFIX = "/tmf-api/"

# Where each API stands whatever its file says (files name no path, or one that nobody uses), then its aliases.
_BASE_PATHS: dict[tuple[str, int], tuple[str, ...]] = {
    ("TMF620", 4): ("productCatalogManagement/v4",),
    ("TMF620", 5): ("productCatalogManagement/v5",),
    ("TMF622", 4): ("productOrderingManagement/v4",),
    ("TMF622", 5): ("productOrderingManagement/v5", "productOrdering/v5"),
    ("TMF629", 4): ("customerManagement/v4",),
    ("TMF629", 5): ("customerManagement/v5", "customer/v5"),
    ("TMF632", 4): ("party/v4", "partyManagement/v4"),
    ("TMF632", 5): ("partyManagement/v5", "party/v5"),
    ("TMF635", 4): ("usageManagement/v4",),
    ("TMF635", 5): ("productUsageManagement/v5",),
    ("TMF637", 4): ("productInventory/v4", "productInventoryManagement/v4"),
    ("TMF637", 5): ("productInventory/v5", "productInventoryManagement/v5"),
    ("TMF666", 4): ("accountManagement/v4",),
    ("TMF666", 5): ("accountManagement/v5",),
    ("TMF678", 4): ("customerBillManagement/v4",),
    ("TMF678", 5): ("customerBillManagement/v5", "customerBill/v5"),
}

_API = re.compile(r"TMF[ _-]?(\d{3,4})", re.IGNORECASE)
_FILE_VERSION = re.compile(r"[vV](\d+(?:\.\d+)*)")
_PATH_MAJOR = re.compile(r"/v(\d+)/?$")


@dataclass(frozen=True, slots=True)
class Identity:
    """What a document is. `rank` orders the files of one API and major: the greatest is the newest."""

    api: str
    major: int
    version: str
    title: str
    base_path: str
    aliases: tuple[str, ...]
    rank: tuple[tuple[int, ...], tuple[int, ...], str]

    @property
    def key(self) -> str:
        return f"{self.api}/v{self.major}"


def identify(document: Schema, dialect: Dialect, origin: str) -> Identity:
    """The identity of a document.

    Shapes: `origin` is the file's name or path; it names the API where the document does not.
    Errors: ConfigurationError when neither says which major version it is.
    """
    info = document.get("info") or {}
    file_name = PurePath(origin).name
    title = str(info.get("title") or file_name)
    version = str(info.get("version") or "")
    path = dialect.server_path(document)
    api = _api_id(str(info.get("x-api-id") or ""), file_name, title)
    major = _major(version, path, file_name)
    if major is None:
        raise ConfigurationError(f"{origin}: no major version in info.version, the server path or the file name")
    base_path, aliases = _base_paths(api, major, path, title, document.get("x-base-path-aliases") or ())
    in_name = _FILE_VERSION.search(file_name)
    rank = (_numbers(version), _numbers(in_name.group(1) if in_name else ""), file_name)
    return Identity(api, major, version, title, base_path, aliases, rank)


def _api_id(declared: str, file_name: str, title: str) -> str:
    """The `TMFnnn` of the first source that has one; of a document of nobody's, its title."""
    for text in (declared, file_name, title):
        if match := _API.search(text):
            return f"TMF{match.group(1)}"
    return declared or _camel(title)


def _major(version: str, path: str, file_name: str) -> int | None:
    if match := re.match(r"[vV]?(\d+)", version):
        return int(match.group(1))
    if match := _PATH_MAJOR.search(path):
        return int(match.group(1))
    if match := _FILE_VERSION.search(file_name):
        return int(match.group(1).split(".")[0])
    return None


def _numbers(version: str) -> tuple[int, ...]:
    numbers = [int(part) for part in re.findall(r"\d+", version)]
    return tuple([*numbers, 0, 0, 0][:3]) if len(numbers) < 3 else tuple(numbers)


def _base_paths(api: str, major: int, path: str, title: str, declared_aliases: object) -> tuple[str, tuple[str, ...]]:
    """The canonical path and the aliases: table, document's own path, else its title."""
    own = mounted(path) if path.strip("/") else None
    known = [PREFIX + entry for entry in _BASE_PATHS.get((api, major), ())]
    candidates = known or [own or title_path(title, major)]
    if own is not None:
        candidates.append(own)
    if isinstance(declared_aliases, list | tuple):
        candidates += [mounted(str(alias)) for alias in declared_aliases]
    unique = list(dict.fromkeys(candidates))
    return unique[0], tuple(unique[1:])


def mounted(path: str) -> str:
    """Where a path of a document's own stands: under `/tmf-api/`, once, without a trailing slash."""
    segments = [segment for segment in path.split("/") if segment]
    if segments and segments[0] == PREFIX.strip("/"):
        segments = segments[1:]
    return PREFIX + "/".join(segments)


def title_path(title: str, major: int) -> str:
    """The path of a document that names none: its title in lowerCamelCase, and its major version."""
    return f"{PREFIX}{_camel(title)}/v{major}"


def _camel(text: str) -> str:
    words: list[str] = re.findall(r"[A-Za-z0-9]+", text) or ["api"]
    first = words[0].lower() if words[0].isupper() else words[0][0].lower() + words[0][1:]
    return first + "".join(word[0].upper() + word[1:] for word in words[1:])
