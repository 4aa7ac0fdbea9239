"""What falls due by itself: a bucket expires, a reservation that nobody ended lapses, a day is to be entered."""

from __future__ import annotations

from typing import Any

from common.jobs.alone import Alone
from common.rest.actions import Actions, acting
from common.store.unit_of_work import UnitOfWork
from tmf654_balance.changes import RESERVATION
from tmf654_balance.ledger import EXPIRY, POSTING, Ledger
from tmf654_balance.offer import lapse
from tmf654_balance.posting import enter, hold_books
from tmf654_balance.tables import HELD, RESERVATIONS

LAPSED = "nobody ended it in time"


class _Doing(Alone):
    """Work that asks nobody outside."""

    kind: str

    def prepare(self, key: str) -> list[dict[str, Any]]:
        with self._installation.database.write() as uow:
            self._do(key, acting(self._installation, uow, key), uow)
            uow.commit()
        return []

    def _do(self, key: str, act: Actions, uow: UnitOfWork) -> None:
        raise AssertionError(f"{self.kind} says what it does")


class BucketExpiry(_Doing):
    """The bucket's state, and what is left in it."""

    kind = EXPIRY

    def _do(self, key: str, act: Actions, uow: UnitOfWork) -> None:
        ledger, work = Ledger(act.context("bucket")), uow.work(EXPIRY)
        balance = ledger.hold([key]).get(key)
        work.get(key, for_update=True)
        if balance is None or balance.expires is None or balance.status == "expired":
            work.remove(key)
        elif balance.expires > act.now:
            work.put(key, balance.expires, {})
        else:
            balance.status = "expired"
            ledger.close()
            work.remove(key)


class ReservationExpiry(_Doing):
    """What it held is free again. One that is of no document belongs to a session of usage."""

    kind = RESERVATION

    def _do(self, key: str, act: Actions, uow: UnitOfWork) -> None:
        document, work = act.hold("reserveBalance", key), uow.work(RESERVATION)
        row = uow.records(RESERVATIONS.name).get(key)
        if row is not None and row["state"] == HELD and row["expires"] > act.now:
            work.put(key, row["expires"], {})
            return
        if document is not None and document["status"] == "created":
            act.update("reserveBalance", key, {"status": "cancelled", "reason": LAPSED})
        elif document is None and row is not None and row["state"] == HELD:
            lapse(act.context("bucket"), row)
        work.remove(key)


class BucketPosting(_Doing):
    """What moved a bucket of money, entered in the ledger. Whoever moves it wakes this, after what it writes."""

    kind = POSTING

    def _do(self, key: str, act: Actions, uow: UnitOfWork) -> None:
        context, work = act.context("bucket"), uow.work(POSTING)
        books = hold_books(context, key)
        row = work.get(key, for_update=True)
        if row is None or (row.due is not None and row.due > act.now):
            return
        if enter(context, books):
            work.put(key, act.now, {})
        else:
            work.remove(key)
