"""The account that money belongs to: held first of all, whether its document is here or not."""

from __future__ import annotations

from typing import Any

from common.component import RuleContext
from common.domain.query import Document
from common.legal_entities import legal_entity_of
from common.store.records import Records

ACCOUNT = "billingAccount"


def hold(context: RuleContext, account: str) -> Document:
    """The account's document, which nobody else changes until the transaction ends; empty where it is not here."""
    assert context.hold is not None, "money moves where it is stored"
    return context.hold(ACCOUNT, account) or {}


def entity_of(document: Document, context: RuleContext) -> str:
    """The legal entity that the account is a customer of."""
    return legal_entity_of(document, context.settings)


def table(context: RuleContext, name: str) -> Records:
    assert context.records is not None, "money moves where it is stored"
    return context.records(name)


def offered(context: RuleContext, name: str) -> Any:
    """What another component offers; None where it is not served."""
    return None if context.offered is None else context.offered(name)
