"""Which file a job may touch: a name inside the configured folder, and nothing that leads out of it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

JSON = "application/json"
NDJSON = "application/x-ndjson"
NDJSON_SUFFIXES = (".ndjson", ".jsonl")
REMOTE_SCHEMES = ("ftp", "ftps", "sftp", "http", "https")
# File systems admit 255 bytes.
NAME_BYTES_MAX = 200
_DEPTH_MAX = 8
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")


class PlaceRefused(Exception):
    """A place that jobs may not use; the text says what to change."""


class PlaceElsewhere(PlaceRefused):
    """A place on another machine: well-formed by the contract, and not reached from here. The job is kept and fails."""


def locate(url: str, folder: Path) -> Path:
    """The file that a job's `url` means: `offers.json`, `sub/offers.ndjson`, or a `file:` URL of a file in the folder.

    Errors: PlaceElsewhere for URLs of other machines; PlaceRefused for other schemes, absolute paths, `..`, hidden
            names, symbolic links and folders.
    """
    base = folder.resolve()
    name = _name_inside(url, base)
    parts = name.split("/")
    if len(parts) > _DEPTH_MAX:
        raise PlaceRefused(f"the file lies deeper than {_DEPTH_MAX} folders")
    for part in parts:
        _check_part(part)
    place = base.joinpath(*parts)
    if place.resolve() != place:
        raise PlaceRefused("the file lies behind a symbolic link")
    if place.is_dir() or any(above.exists() and not above.is_dir() for above in _folders_between(place, base)):
        raise PlaceRefused("this is a folder, or lies in a file")
    return place


def format_of(content_type: str | None, url: str) -> str:
    """`application/json` or `application/x-ndjson`: as the job says, else by the file's suffix.

    Errors: PlaceRefused for other media types.
    """
    if content_type:
        name = content_type.partition(";")[0].strip().lower()
        if name not in (JSON, NDJSON):
            raise PlaceRefused(f"files are {JSON} (one array) or {NDJSON} (one document a line)")
        return name
    return NDJSON if url.lower().endswith(NDJSON_SUFFIXES) else JSON


def _name_inside(url: str, base: Path) -> str:
    if not url or not url.isprintable():
        raise PlaceRefused("name a file of printable characters")
    if not _SCHEME.match(url):
        if url.startswith("/"):
            raise PlaceRefused("an absolute path leads out of the folder of the jobs; name a file inside it")
        return url
    try:
        parts = urlsplit(url)
    except ValueError:
        raise PlaceRefused("this is no URL") from None
    if parts.scheme in REMOTE_SCHEMES and parts.hostname:
        raise PlaceElsewhere(f"{parts.scheme}: is not reached from here; use a file in the folder of the jobs")
    if parts.scheme != "file":
        raise PlaceRefused(f"{parts.scheme}: is not reached from here; use file: or a name in the folder of the jobs")
    if parts.netloc not in ("", "localhost") or parts.query or parts.fragment:
        raise PlaceRefused("a file: URL has no host, query or fragment here")
    path = unquote(parts.path, errors="replace")
    if not path.startswith("/"):
        return path
    inside = base.as_posix().rstrip("/") + "/"
    if not path.startswith(inside):
        raise PlaceRefused("the file lies outside of the folder of the jobs")
    return path[len(inside) :]


def _check_part(part: str) -> None:
    if part in ("", ".", ".."):
        raise PlaceRefused("a path has no empty parts, '.' or '..'")
    if part.startswith("."):
        raise PlaceRefused("names that start with a dot are the server's own")
    if not part.isprintable() or "\\" in part or ":" in part or "\ufffd" in part:
        raise PlaceRefused("name a file of printable characters without backslash and colon")
    if len(os.fsencode(part)) > NAME_BYTES_MAX:
        raise PlaceRefused(f"a name has at most {NAME_BYTES_MAX} bytes")


def _folders_between(place: Path, base: Path) -> list[Path]:
    return [above for above in place.parents if base in above.parents]
