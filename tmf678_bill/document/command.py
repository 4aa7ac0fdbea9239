"""`bss bill document`: a bill's document as a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from common.cli.context import FAILED, explained, out, settings, stop
from common.domain.query import Compare, FieldPath, Kind, Operator
from common.errors import BssError
from common.installation import Installation
from common.rest.actions import acting
from tmf678_bill.document import json_document, pdf
from tmf678_bill.document.kept import DOCUMENTS, Made
from tmf678_bill.document.language import language
from tmf678_bill.document.source import view_of


class UnknownBill(BssError):
    code, reason = "bill.unknown", "No such bill"

    def __init__(self, number: str) -> None:
        super().__init__(f"no bill has the number or id {number[:80]!r}; GET customerBill lists those that are here")


def document(
    number: Annotated[str, typer.Argument(help="The bill's number, or its id.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The file; - for standard output.")] = None,
    json: Annotated[bool, typer.Option("--json", help="The JSON document instead of the PDF.")] = False,
    spoken: Annotated[str | None, typer.Option("--language", help="Made anew in this language, and not kept.")] = None,
) -> None:
    """Write the document of a bill to a file: what was sent, or, where none was made yet, what would be."""
    media_type = json_document.MEDIA_TYPE if json else pdf.MEDIA_TYPE
    with explained():
        given = settings()
        installation = Installation.assemble(given)
        installation.open_store()
        try:
            name, content = found(installation, number, media_type, spoken)
        finally:
            installation.database.close()
    target = output or Path(name)
    if str(target) == "-":
        sys.stdout.buffer.write(content)
        return
    try:
        target.write_bytes(content)
    except OSError as error:
        stop(f"{target} cannot be written: {error.strerror}", FAILED)
    out.print(f"{target}: {len(content)} bytes", markup=False, soft_wrap=True)


def found(installation: Installation, number: str, media_type: str, spoken: str | None) -> tuple[str, bytes]:
    """Name and content of the document of a bill. Errors: UnknownBill; ConfigurationError."""
    with installation.database.snapshot() as uow:
        act = acting(installation, uow)
        numbered = Compare(FieldPath(("billNo",), Kind.STRING, many=False), Operator.EQ, (number,))
        bill = next(iter(act.library.find("customerBill", numbered, 1)), None) or act.library.get(
            "customerBill", number
        )
        if bill is None:
            raise UnknownBill(number)
        kept = uow.records(DOCUMENTS.name).find({"bill": bill["id"], "media_type": media_type})
        if kept and spoken is None:
            return kept[0]["name"], kept[0]["content"]
        context = act.context("customerBill")
        view, letter = view_of(context, bill["id"])
        chosen = language(spoken or view.language)
        if media_type == pdf.MEDIA_TYPE:
            made = Made(media_type, chosen.code, pdf.render(view, chosen, letter.appearance))
        else:
            made = Made(media_type, chosen.code, json_document.render(context, view))
        return made.named(view.number), made.content
