"""What becomes of a new bill: its documents are made and attached, and it is sent.

    new        documents are made; with BSS_BILL_APPROVAL auto the bill is validated, with manual a person does it
    validated  it is sent; what was paid before shows at once (`receivables.send`), and its days to pay begin
    onHold     it waits until a person lets it go on, and is not asked for; `rules.on_patch_bill` has it looked at again

What fails is tried again by whoever carries out the work, with growing pauses, and the bill stays as it is meanwhile.
Rendering writes nothing and holds nothing; keeping what was rendered is a transaction of its own.
"""

from __future__ import annotations

from typing import Any

from common.errors import NotFound
from common.installation import Installation
from common.rest.actions import Actions, acting
from common.store.unit_of_work import UnitOfWork
from tmf678_bill.asking import due_anew, lowered
from tmf678_bill.document import json_document, pdf
from tmf678_bill.document.kept import DOCUMENTS, Made, attachment, keep
from tmf678_bill.document.language import language
from tmf678_bill.document.schedule import DOCUMENT
from tmf678_bill.document.source import view_of
from tmf678_bill.receivables import ON_HOLD, Receivables

NEW, VALIDATED = "new", "validated"
_WAITING = frozenset({NEW, VALIDATED})


class BillDocument:
    """Work of the kind `bill.document` (`component.Steps`); it asks nobody outside."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    def prepare(self, key: str) -> list[dict[str, Any]]:
        """Errors: ConfigurationError for a billing file that cannot be read; TooLarge."""
        made = render(self._installation, key)
        with self._installation.database.write() as uow:
            act, work = acting(self._installation, uow, key), uow.work(DOCUMENT)
            self._go_on(key, act, uow, made)
            work.get(key, for_update=True)
            work.remove(key)
            uow.commit()
        return []

    def perform(self, call: dict[str, Any]) -> dict[str, Any]:
        return {}

    def settle(self, key: str, calls: list[dict[str, Any]], answers: list[dict[str, Any]]) -> None:
        return None

    def _go_on(self, bill_id: str, act: Actions, uow: UnitOfWork, made: list[Made]) -> str:
        """The bill as far as it gets now; the state that it is in then."""
        context, receivables = act.context("customerBill"), Receivables(uow.records)
        try:
            open = receivables.get(context, bill_id)
        except NotFound:
            return ""
        keep(uow.records(DOCUMENTS.name), bill_id, open.number, made, act.now)
        kept = uow.records(DOCUMENTS.name).find({"bill": bill_id}, order=["media_type"])
        documents = [attachment(row, self._installation.settings) for row in reversed(kept)]
        state = open.state
        if state in _WAITING and documents:
            act.change("customerBill", bill_id, {"billDocument": documents})
        if state == NEW and self._installation.settings.bill_approval == "auto":
            act.change("customerBill", bill_id, {"state": VALIDATED})
            state = VALIDATED
        if state == VALIDATED:
            state = receivables.send(context, bill_id)
            due_anew(context, context.library.get("billingAccount", open.account) or {}, bill_id)
        elif state == ON_HOLD:
            lowered(context, open.account)
        return state


def render(installation: Installation, bill_id: str) -> list[Made]:
    """The documents of a bill that has none yet: PDF and JSON; none when it is not here."""
    with installation.database.snapshot() as uow:
        if uow.records(DOCUMENTS.name).find({"bill": bill_id}, limit=1):
            return []
        context = acting(installation, uow).context("customerBill")
        try:
            view, letter = view_of(context, bill_id)
        except NotFound:
            return []
        spoken = language(view.language)
        return [
            Made(pdf.MEDIA_TYPE, spoken.code, pdf.render(view, spoken, letter.appearance)),
            Made(json_document.MEDIA_TYPE, spoken.code, json_document.render(context, view)),
        ]
