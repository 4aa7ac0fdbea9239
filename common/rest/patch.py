"""A patch applied to a document: the four media types of TMF630, with the dialects of the official samples.

| media type                          | body                                          | applied by            |
| application/json, merge-patch+json  | part of the resource, null deletes (RFC 7396) | `merge`               |
| json-patch+json                     | operations with pointers (RFC 6902)           | `apply_operations`    |
| json-patch-query+json               | operations whose path carries a query         | `json_patch_query.py` |

Where the samples leave the RFCs the samples win, because clients copy them: a single operation may stand
without its array, and `add` of one object onto an array (present, or declared and absent) appends it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from common.domain.query import Document
from common.errors import InvalidPatch, PatchTestFailed
from common.exact_json import DEPTH_MAX, encode, same
from common.rest import json_patch_query
from common.rest.checking import refuse_marked_names
from common.rest.headers import JSON, JSON_PATCH_QUERY, MERGE_PATCH
from common.v4.mapping import unmarked

OPERATIONS_MAX = 1_000
PATH_LENGTH_MAX = 4_000
# What the operations of one patch may write together beyond its own bytes: `copy` of an array into itself doubles it
# with every operation, and a path query writes its value at thousands of places.
WRITTEN_BYTES_MAX = 1_000_000
_MISSING = object()

IsArray = Callable[[str], bool]


def apply(media_type: str, patch: Any, document: Document, is_array: IsArray) -> Document:
    """The document after the patch; the one given is not changed.

    Shapes: `is_array` tells whether the contract declares a top-level attribute to be an array.
    Errors: InvalidPatch for a patch that cannot be read; PatchTestFailed when a `test` does not hold, a place does
            not exist, or a query finds nothing; InvalidBody for a path to what is kept beside for the other major.
    """
    if media_type in (JSON, MERGE_PATCH):
        if not isinstance(patch, dict):
            raise InvalidPatch("a merge patch is a JSON object with the attributes to change")
        merged: Document = merge(document, patch)
        return merged
    result = copy.deepcopy(document)
    budget, places = _Budget(WRITTEN_BYTES_MAX), json_patch_query.Places()
    for operation in _operations(patch):
        path = operation["path"]
        if media_type == JSON_PATCH_QUERY or "?" in path:
            json_patch_query.apply(operation, result, budget.spend, places)
        else:
            result = apply_operation(operation, result, is_array, budget.spend)
    _check_depth(result)
    return result


@dataclass
class _Budget:
    """The bytes that a patch may still write."""

    left: int

    def spend(self, value: Any, places: int = 1) -> None:
        self.left -= len(encode(value)) * places
        if self.left < 0:
            raise InvalidPatch(f"the patch writes more than {WRITTEN_BYTES_MAX} bytes; send several smaller ones")


def _check_depth(document: Any) -> None:
    """Several patches together could nest deeper than any one body may."""
    level = [document] if isinstance(document, dict | list) else []
    depth = 0
    while level:
        depth += 1
        if depth > DEPTH_MAX:
            raise InvalidPatch(f"the patched resource is nested deeper than {DEPTH_MAX} levels")
        children = (child for item in level for child in (item.values() if isinstance(item, dict) else item))
        level = [child for child in children if isinstance(child, dict | list)]


def merge(target: Any, patch: Any) -> Any:
    """RFC 7396: objects are merged, null removes, anything else replaces."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merge(result.get(name), value)
    return result


def _operations(patch: Any) -> list[dict[str, Any]]:
    operations = [patch] if isinstance(patch, dict) else patch
    if not isinstance(operations, list) or not operations:
        raise InvalidPatch("a JSON patch is an array of operations, one at least")
    if len(operations) > OPERATIONS_MAX:
        raise InvalidPatch(f"a patch may have at most {OPERATIONS_MAX} operations")
    for number, operation in enumerate(operations):
        if not isinstance(operation, dict):
            raise InvalidPatch(f"operation {number} is not an object with op and path")
        name, path = operation.get("op"), operation.get("path")
        if name not in ("add", "remove", "replace", "move", "copy", "test", "delete"):
            raise InvalidPatch(f"operation {number}: op is one of add, remove, replace, move, copy, test")
        if not isinstance(path, str):
            raise InvalidPatch(f"operation {number}: path is missing or not a text")
        if len(path) > PATH_LENGTH_MAX:
            raise InvalidPatch(f"operation {number}: path is longer than {PATH_LENGTH_MAX} characters")
        if name in ("add", "replace", "test") and "value" not in operation:
            raise InvalidPatch(f"operation {number}: {name} needs a value")
        if name in ("move", "copy") and not isinstance(operation.get("from"), str):
            raise InvalidPatch(f"operation {number}: {name} needs from")
    return operations


def apply_operation(
    operation: dict[str, Any], document: Any, is_array: IsArray, spend: Callable[[Any], None] = lambda _: None
) -> Any:
    """One RFC 6902 operation, in place where it can be; the document after it. `spend` is told what is copied."""
    steps, value = pointer_steps(operation["path"]), copy.deepcopy(operation.get("value"))
    match operation["op"]:
        case "test":
            if not same(unmarked(_get(document, steps)), value):
                raise PatchTestFailed(f"test failed at {operation['path'][:200]!r}")
        case "remove" | "delete":
            _remove(document, steps)
        case "replace":
            if not steps:
                return value
            _get(document, steps)
            _put(document, steps, value)
        case "add":
            return _add(document, steps, value, is_array)
        case "copy":
            source = pointer_steps(operation["from"])
            copied = _carried(_get(document, source), source, steps)
            spend(copied)
            return _add(document, steps, copy.deepcopy(copied), is_array)
        case "move":
            source = pointer_steps(operation["from"])
            if steps[: len(source)] == source and len(steps) > len(source):
                raise InvalidPatch("move cannot go into the place it takes from")
            moved = _carried(_get(document, source), source, steps)
            _remove(document, source)
            return _add(document, steps, moved, is_array)
    return document


def pointer_steps(pointer: str) -> list[str]:
    """RFC 6901; a missing leading slash is tolerated (official samples leave it out).

    Errors: InvalidPatch for a bad escape; InvalidBody for a name that is the mark's (`checking.refuse_marked_names`).
    """
    if not pointer:
        return []
    steps = pointer.removeprefix("/").split("/")
    for step in steps:
        if "~" in step.replace("~0", "").replace("~1", ""):
            raise InvalidPatch(f"the path {pointer[:80]!r} has a ~ that is neither ~0 nor ~1")
    names = [step.replace("~1", "/").replace("~0", "~") for step in steps]
    refuse_marked_names(names)
    return names


def _carried(value: Any, source: list[str], target: list[str]) -> Any:
    """What is copied: elsewhere than among its like, what is kept in it for the other major would mean nothing."""
    among, into = ([step for step in steps if not _is_position(step)] for steps in (source, target))
    return value if among == into else unmarked(value)


def _is_position(step: str) -> bool:
    return step == "-" or (step.isascii() and step.isdigit())


def _position(array: list[Any], step: str, *, new: bool) -> int:
    if step == "-" and new:
        return len(array)
    if not _is_position(step) or step == "-" or (step != "0" and step.startswith("0")) or len(step) > 9:
        raise InvalidPatch(f"{step[:40]!r} is no position in an array")
    position = int(step)
    if position > len(array) or (position == len(array) and not new):
        raise PatchTestFailed(f"the array has no element {position}")
    return position


def _get(document: Any, steps: list[str]) -> Any:
    for step in steps:
        if isinstance(document, dict):
            document = document.get(step, _MISSING)
        elif isinstance(document, list):
            document = document[_position(document, step, new=False)]
        else:
            document = _MISSING
        if document is _MISSING:
            raise PatchTestFailed(f"there is nothing at {'/'.join(steps)[:120]!r}")
    return document


def _put(document: Any, steps: list[str], value: Any) -> None:
    parent = _get(document, steps[:-1])
    if isinstance(parent, list):
        parent[_position(parent, steps[-1], new=False)] = value
    else:
        parent[steps[-1]] = value


def _remove(document: Any, steps: list[str]) -> None:
    if not steps:
        raise InvalidPatch("the whole resource cannot be removed by a patch")
    parent = _get(document, steps[:-1])
    _get(parent, steps[-1:])
    if isinstance(parent, list):
        del parent[_position(parent, steps[-1], new=False)]
    else:
        del parent[steps[-1]]


def _add(document: Any, steps: list[str], value: Any, is_array: IsArray) -> Any:
    if not steps:
        return value
    parent = _get(document, steps[:-1])
    last = steps[-1]
    if isinstance(parent, list):
        parent.insert(_position(parent, last, new=True), value)
    elif not isinstance(parent, dict):
        raise PatchTestFailed(f"nothing can be added at {'/'.join(steps)[:120]!r}")
    elif isinstance(parent.get(last), list) and not isinstance(value, list):
        parent[last].append(value)
    elif last not in parent and len(steps) == 1 and isinstance(value, dict) and is_array(last):
        parent[last] = [value]
    else:
        parent[last] = value
    return document
