"""What bills by itself: an account whose cycle has ended, a request for a bill. Nobody outside is asked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from common.errors import ClientError
from common.jobs.alone import Alone
from common.rest.actions import Actions, acting
from common.rules import reference_id
from common.store.unit_of_work import UnitOfWork
from tmf678_bill.run import bill_next_cycle, bill_now
from tmf678_bill.schedule import BILL_ACCOUNT, BILL_DEMAND
from tmf678_bill.tables import BILLING

# When an account that could not be billed is tried again by itself; a person who mends it need not wait.
RETRY = timedelta(days=1)


class BillAccount(Alone):
    """One cycle of an account; those that ended meanwhile are occasions of their own."""

    def prepare(self, key: str) -> list[dict[str, Any]]:
        try:
            with self._installation.database.write() as uow:
                self._bill(key, acting(self._installation, uow, key), uow)
                uow.commit()
        except ClientError as error:
            self._note(key, error)
        return []

    def _bill(self, key: str, act: Actions, uow: UnitOfWork) -> None:
        is_automatic = self._installation.settings.billing == "automatic"
        if act.hold("billingAccount", key) is None or not is_automatic:
            uow.work(BILL_ACCOUNT).remove(key)
            return
        bill_next_cycle(act.context("billingAccount"), key, act.now)
        work, row = uow.work(BILL_ACCOUNT), act.records(BILLING.name).get(key)
        work.get(key, for_update=True)
        if row is None or row["next"] is None:
            work.remove(key)
        else:
            work.put(key, row["next"], {})

    def _note(self, key: str, error: ClientError) -> None:
        """Why it could not be billed; nothing of the run is kept."""
        with self._installation.database.write() as uow:
            act = acting(self._installation, uow, key)
            act.hold("billingAccount", key)
            act.records(BILLING.name).update({"account": key}, {"problem": f"{error.code}: {error.message}"})
            work = uow.work(BILL_ACCOUNT)
            work.get(key, for_update=True)
            work.put(key, act.now + RETRY, {})
            uow.commit()


class BillOnDemand(Alone):
    """A request for a bill: done with its bill, or without one when there was nothing to charge."""

    def prepare(self, key: str) -> list[dict[str, Any]]:
        try:
            with self._installation.database.write() as uow:
                self._bill(key, acting(self._installation, uow, key), uow)
                uow.commit()
        except ClientError as error:
            with self._installation.database.write() as uow:
                act = acting(self._installation, uow, key)
                reason = {"code": error.code, "message": error.message}
                self._end(key, act, uow, {"state": "terminatedWithError", "statusReason": reason})
                uow.commit()
        return []

    def _bill(self, key: str, act: Actions, uow: UnitOfWork) -> None:
        request = act.library.get("customerBillOnDemand", key) or {}
        account = reference_id(request, "billingAccount")
        if account is not None:
            act.hold("billingAccount", account)
        request = act.hold("customerBillOnDemand", key) or {}
        changes: dict[str, Any] = {"state": "done"}
        if request.get("state") == "inProgress" and account is not None:
            billed = bill_now(act.context("customerBillOnDemand"), account)
            if billed.bill is not None:
                reference = {"@type": "CustomerBillRef", "id": billed.bill.bill, "name": billed.bill.number}
                changes["customerBill"] = {**reference, "@referredType": "CustomerBill"}
        self._end(key, act, uow, changes)

    def _end(self, key: str, act: Actions, uow: UnitOfWork, changes: dict[str, Any]) -> None:
        request, work = act.hold("customerBillOnDemand", key), uow.work(BILL_DEMAND)
        if request is not None and request.get("state") == "inProgress":
            act.change("customerBillOnDemand", key, changes)
        work.get(key, for_update=True)
        work.remove(key)
