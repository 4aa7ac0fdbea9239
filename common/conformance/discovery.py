"""Which contracts a server is judged by, and where it serves each."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from common.conformance.target import Target
from common.errors import ConfigurationError
from common.spec.contract import Contract, Verb
from common.spec.identity import title_path
from common.spec.load import load_contracts, spec_files

PUBLISHED = Path(__file__).resolve().parents[2] / "openapi" / "published"
_VERSION = re.compile(r"v?(\d+)(?:\.\d+)*", re.IGNORECASE)


@cache
def our_contracts() -> tuple[Contract, ...]:
    """The contracts that come with the kit, both majors."""
    return tuple(load_contracts([*spec_files(PUBLISHED), *spec_files(PUBLISHED / "v4")]))


def chosen(apis: Iterable[str], version: str | None, files: Iterable[Path]) -> list[Contract]:
    """The contracts that are asked for: of the files, else of those that come with the kit.

    Errors: ConfigurationError for an API or version that there is no contract of.
    """
    given = list(files)
    known = load_contracts(given) if given else list(our_contracts())
    wanted = [api.upper() for api in apis]
    missing = sorted(set(wanted) - {contract.api for contract in known} - {contract.key.upper() for contract in known})
    if missing:
        have = ", ".join(sorted({contract.api for contract in known}))
        raise ConfigurationError(f"there is no contract of {', '.join(missing)} here ({have}); name a file with --spec")
    found = [one for one in known if not wanted or one.api in wanted or one.key.upper() in wanted]
    if version is not None:
        matched = _VERSION.fullmatch(version)
        if matched is None:
            raise ConfigurationError(f"{version!r} is no version; write v4 or v5")
        found = [one for one in found if one.major == int(matched.group(1))]
        if not found:
            raise ConfigurationError(f"there is no contract in version {version} of what is asked for")
    return found


@dataclass(frozen=True)
class Place:
    """Where an API was looked for. `answers` tells whether one of its lists did; `tried` are the addresses."""

    base: str
    answers: bool
    tried: tuple[str, ...]


def locate(target: Target, url: str, contract: Contract) -> Place:
    """Find an API below an address: at its own paths, at that of its title, or at the address itself.

    Errors: Unreachable.
    """
    root = url.rstrip("/")
    paths = (contract.base_path, *contract.aliases)
    whole = any(root.endswith(path) for path in paths) or re.search(r"/v\d+$", root) is not None
    titled = title_path(contract.title, contract.major)
    below = (*paths, titled, *map(_bare, paths))
    bases = [root] if whole else [*(root + path for path in below), root]
    bases = list(dict.fromkeys(bases))
    listed = [one.path for one in contract.resources.values() if Verb.LIST in one.operations and not one.parents]
    for base in bases:
        for path in listed[:3]:
            answer = target.request("GET", f"{base}{path}?limit=1")
            if answer.status not in (404, 405):
                return Place(base, True, tuple(bases))
    return Place(bases[0], False, tuple(bases))


def _bare(path: str) -> str:
    """Without the part that some servers leave out."""
    return path.removeprefix("/tmf-api")
