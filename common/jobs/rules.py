"""What is checked when a job is created: that it could be carried out here at all."""

from __future__ import annotations

from collections.abc import Mapping

from common.component import RuleContext
from common.domain.clock import instant_text
from common.domain.query import Document
from common.errors import InvalidParameter
from common.jobs.kinds import Importing, kind_of, parameters_of
from common.jobs.places import PlaceElsewhere, PlaceRefused, format_of, locate
from common.jobs.scope import check_query, root_name
from common.jobs.states import CREATED_AT, NOT_STARTED, SERVER_SET, STATUS


def check_job(document: Document, context: RuleContext, names: Mapping[str, str] | None = None) -> None:
    """The `on_create` rule of a job: it begins, and its file lies in the folder that jobs may use.

    Where it stands and what came of it is the server's to say; what a client sends of that is ignored.
    Shapes: `names` are the v4 names of resources that are stored under another one, which is their value.
    """
    for name in SERVER_SET:
        document.pop(name, None)
    document[STATUS] = NOT_STARTED
    document[CREATED_AT] = instant_text(context.now)
    url = document.get("url")
    if not isinstance(url, str):
        context.refuse("/url", "required", "url is required: the file, as a name in the folder of the jobs")
        return
    try:
        locate(url, context.settings.jobs)
    except PlaceElsewhere:
        return  # the standard's own examples name FTP servers: such a job is taken, and fails with this reason
    except PlaceRefused as error:
        context.refuse("/url", "location", str(error))
    try:
        kind = kind_of(context.resource, document.get("path"), context.settings)
    except ValueError as error:
        context.refuse("/path", "location", str(error))
        return
    if kind is not None:
        _check_kind(document, kind, context)
        return
    try:
        format_of(document.get("contentType"), url)
    except PlaceRefused as error:
        context.refuse("/contentType", "enum", str(error))
    _check_scope(document, context, names or {})


def _check_kind(document: Document, kind: Importing, context: RuleContext) -> None:
    """An import of records: their files are of one type, and the path says what the file does not."""
    given = str(document.get("contentType") or kind.media_type).partition(";")[0].strip().lower()
    if given != kind.media_type:
        context.refuse("/contentType", "enum", f"files of these are {kind.media_type}")
    try:
        problems = kind.wrong_with(parameters_of(document["path"]))
    except ValueError as error:
        problems = [str(error)]
    for problem in problems:
        context.refuse("/path", "parameter", problem)


def _check_scope(document: Document, context: RuleContext, names: Mapping[str, str]) -> None:
    try:
        name = root_name(document.get("path"))
    except ValueError as error:
        context.refuse("/path", "location", str(error))
    else:
        if name is not None and not context.library.serves(names.get(name, name)):
            context.refuse("/path", "location", f"there is no resource {name[:80]!r}; name one, as in /category")
    if document.get("query"):
        try:
            check_query(document["query"], context.settings)
        except InvalidParameter as error:
            context.refuse("/query", "query", error.message)
