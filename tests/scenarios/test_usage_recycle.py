"""Usage that waits or was rejected, rated again when the cause is mended; and files of usage, taken in by command."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from common import exact_json
from common.cli.main import app
from common.domain.query import Document
from common.installation import Installation
from common.store.unit_of_work import UnitOfWork
from tests.scenarios.charging import ANNA, Network, product_price, usage
from tests.scenarios.kit import Shop
from tests.scenarios.test_usage_rerate import line
from tmf635_usage import feed
from tmf635_usage.recycle import Recycle, Recycled
from tmf635_usage.tables import KEYS, LINES, RATINGS

AT = "2025-12-01T10:00:00Z"
USAGES = "/tmf-api/productUsageManagement/v5/productUsage"


@pytest.fixture
def network(shop: Shop) -> Network:
    return Network(shop)


def recycled(shop: Shop, **options: Any) -> Recycled:
    return Recycle(shop.suite.installation, **options).run()


def rows(shop: Shop, *tables: str) -> list[int]:
    with shop.suite.installation.database.read() as uow:
        return [len(uow.records(table).find({})) for table in tables]


# -- recycling --------------------------------------------------------------------------------------------------------


def test_rejected_usage_is_rated_when_there_is_a_price(shop: Shop, network: Network) -> None:
    network.price("sms", "sms", "0.10", "1 event")
    product = line(network, "line", "sms", msisdn=ANNA)
    fax = network.created(usage("fax", AT, "2 event", product)).id
    assert network.shown(fax).reason[0] == "no.price"
    network.price("sms", "fax", "0.30", "1 event", version="2.0")
    shop.told()

    assert recycled(shop) == Recycled(1, 1, Counter())

    shown = network.shown(fax)
    assert (shown.status, shown.lines) == ("rated", ["usage 2 event 0.6"])
    assert "statusReason" not in shown.document
    told = [line for line in shop.told() if "changed" not in line]
    assert told == ["productUsage: initialized", "productUsage: validated", "productUsage: rated"]
    assert network.in_v4(fax)["status"] == "rated"
    assert recycled(shop) == Recycled()


def test_waiting_usage_is_rated_when_its_product_is_there(shop: Shop, network: Network) -> None:
    network.price("sms", "sms", "0.10", "1 event")
    waiting = network.created(usage("sms", AT, "2 event", "line")).id
    assert network.shown(waiting).reason[0] == "product.unknown"
    line(network, "line", "sms")

    assert recycled(shop) == Recycled(1, 1, Counter())
    assert (network.shown(waiting).status, network.charged("line")) == ("rated", {"EUR": "0.2"})


def test_what_fails_again_stays_as_it_is(shop: Shop, network: Network) -> None:
    network.price("sms", "sms", "0.10", "1 event")
    line(network, "line", "sms")
    fax = network.created(usage("fax", AT, "2 event", "line"))
    nobody = network.created(usage("sms", AT, "2 event", "nobody"))
    shop.told()

    assert recycled(shop) == Recycled(2, 0, Counter({"no.price": 1, "product.unknown": 1}))

    assert [network.shown(one.id) for one in (fax, nobody)] == [fax, nobody]
    assert (shop.told(), rows(shop, RATINGS.name, LINES.name)) == ([], [0, 0])


def test_the_reason_is_the_present_one(shop: Shop, network: Network) -> None:
    network.price("sms", "sms", "0.10", "1 event")
    waiting = network.created(usage("fax", AT, "2 event", "line")).id
    line(network, "line", "sms")

    assert recycled(shop).left == {"no.price": 1}
    assert (network.shown(waiting).status, network.shown(waiting).reason[0]) == ("rejected", "no.price")


def test_only_what_is_asked_for_is_taken_up(shop: Shop, network: Network) -> None:
    network.price("sms", "sms", "0.10", "1 event")
    for id in ("one", "two"):
        network.created(usage("sms", AT, "1 event", id))
        line(network, id, "sms")
        network.created(usage("fax", AT, "1 event", id))

    assert recycled(shop, reason="no.price") == Recycled(2, 0, Counter({"no.price": 2}))
    assert recycled(shop, product="one") == Recycled(2, 1, Counter({"no.price": 1}))
    assert recycled(shop, reason="product.unknown", product="one") == Recycled()
    assert recycled(shop, reason="product.unknown") == Recycled(1, 1, Counter())


def test_a_product_is_found_by_what_waiting_usage_leads_to(shop: Shop, network: Network) -> None:
    heard = network.hear("sms", AT, "1 event", servedNumber=ANNA).id
    network.price("sms", "sms", "0.10", "1 event")
    line(network, "line", "sms", msisdn=ANNA)
    # Whose number it is, is known from the product's start on.
    assert recycled(shop, product="other") == Recycled()
    assert recycled(shop, product="line") == Recycled(1, 1, Counter())
    assert network.shown(heard).product == "line"


def test_what_was_rejected_elsewhere_stays_so(shop: Shop, network: Network) -> None:
    network.price("sms", "sms", "0.10", "1 event")
    line(network, "line", "sms")
    document = {"usageType": "sms", "status": "rejected", "usageCharacteristic": [{"name": "messages", "value": 1}]}
    made = shop.suite.created("/tmf-api/usageManagement/v4/usage", document)

    assert recycled(shop) == Recycled()
    assert network.shown(made["id"]).status == "rejected"


@pytest.mark.parametrize(
    ("patch", "told"),
    [
        ({"usageDate": "2020-01-01T00:00:00Z", "description": "x"}, "is rated and keeps its description, usageDate;"),
        ({"ratedProductUsage": []}, "is rated and keeps its ratedProductUsage;"),
        ({"status": "billed"}, "is rated and keeps its status;"),
        ({"status": "received"}, "usage.status cannot go from 'rated' to 'received'; from here: rerated"),
    ],
)
def test_what_is_wrong_is_told_in_the_words_of_v4(shop: Shop, network: Network, patch: Document, told: str) -> None:
    network.price("sms", "sms", "0.10", "1 event")
    line(network, "line", "sms")
    used = network.created(usage("sms", AT, "1 event", "line"))

    answer = shop.suite.patch(f"/tmf-api/usageManagement/v4/usage/{used.id}", patch)

    assert answer.status == 409
    assert told in answer.json["message"]
    assert "productUsage " not in answer.json["message"]
    assert "corrected" not in answer.json["message"]
    assert network.shown(used.id).document == used.document


def test_a_dry_run_counts_and_keeps_nothing(shop: Shop, network: Network) -> None:
    network.price("sms", "sms", "0.10", "1 event")
    ids = [network.created(usage("sms", AT, "2 event", "line")).id for _ in range(5)]
    line(network, "line", "sms")
    before, _ = [network.shown(id) for id in ids], shop.told()

    assert recycled(shop, dry_run=True, size=2) == Recycled(5, 5, Counter())
    assert ([network.shown(id) for id in ids], shop.told(), rows(shop, RATINGS.name)) == (before, [], [0])
    assert recycled(shop, size=2) == Recycled(5, 5, Counter())


def test_a_process_that_dies_leaves_whole_chunks(shop: Shop, network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    network.price("sms", "sms", "0.10", "1 event")
    for _ in range(5):
        network.created(usage("sms", AT, "2 event", "line"))
    line(network, "line", "sms")
    seen: list[int] = []

    def die(done: Recycled) -> None:
        seen.append(done.rated)
        if len(seen) == 2:
            monkeypatch.setattr(UnitOfWork, "commit", _dies)

    with monkeypatch.context(), pytest.raises(Died):
        recycled(shop, size=2, progress=die)
    monkeypatch.undo()

    assert (seen, rows(shop, RATINGS.name)) == ([2, 4], [4])
    assert recycled(shop) == Recycled(1, 1, Counter())
    assert network.charged("line") == {"EUR": "1"}


class Died(Exception):
    """Stands for the end of a process."""


def _dies(*_: Any) -> None:
    raise Died


# -- commands ---------------------------------------------------------------------------------------------------------

Bss = Callable[..., Result]


@pytest.fixture
def bss(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Bss:
    """The command, on the story's installation."""
    monkeypatch.setattr(Installation, "assemble", lambda given: shop.suite.installation)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["usage", *arguments])

    return run


def told(result: Result, code: int = 0) -> Any:
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def sold(network: Network) -> None:
    network.price("sms", "sms", "0.10", "1 event")
    network.product("line", productPrice=[_latest()], startDate="2025-06-01T00:00:00Z", msisdn=ANNA)


def _latest() -> Document:
    known = product_price("sms")
    return {**known, "productOfferingPrice": {**known["productOfferingPrice"], "version": None}}


def calls(path: Path, count: int) -> Path:
    head = "externalId,source,usageType,usageSpecification,servedNumber,startDateTime,messages\n"
    path.write_text(head + "".join(f"{n},smsc,sms,usage-spec-sms,{ANNA},{AT},{n % 3}\n" for n in range(count)))
    return path


def test_a_file_is_taken_in_once(shop: Shop, network: Network, bss: Bss, tmp_path: Path) -> None:
    sold(network)
    path = calls(tmp_path / "sms.csv", 30)
    with path.open("a") as file:
        file.write(f"30,smsc,sms,,{ANNA},{AT},1\n1,smsc,sms,usage-spec-sms,{ANNA},{AT},5\n31,smsc,fax,x,,,1\n")

    counts = {"received": 33, "created": 31, "duplicate": 0, "refused": 2}
    states = {"rated": 30, "initialized product.unknown": 1}
    assert told(bss("ingest", str(path), "--json"), 1) == {str(path): {**counts, "states": states}}
    assert told(bss("ingest", str(path), "--json"), 1) == {str(path): {**counts, "states": states}}
    rejects = [exact_json.decode(line) for line in (tmp_path / "sms.csv.rejects.ndjson").read_bytes().splitlines()]
    assert [(one["line"], one["code"], one["message"]) for one in rejects] == [
        (32, "body.invalid", "(body): usageSpecification is required"),
        (33, "usage.other-content", rejects[1]["message"]),
    ]
    assert (network.charged("line"), rows(shop, KEYS.name)) == ({"EUR": "3"}, [31])
    assert bss("ingest", str(path), "--from-start").stdout.splitlines() == [
        f"{path}: 33 received = 0 created + 31 duplicate + 2 refused"
    ]
    assert network.charged("line") == {"EUR": "3"}


def test_a_file_goes_on_after_a_kill(
    shop: Shop, network: Network, bss: Bss, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It dies once before a chunk is kept and once after, before that is noted."""
    sold(network)
    path = calls(tmp_path / "sms.csv", 25)
    chunks = feed.chunks
    monkeypatch.setattr(feed, "chunks", lambda records, size: chunks(records, 10))
    commit, kept = UnitOfWork.commit, []

    def die_at_second(uow: UnitOfWork) -> None:
        kept.append(1)
        if len(kept) == 2:
            raise Died
        commit(uow)

    with monkeypatch.context() as dying:
        dying.setattr(UnitOfWork, "commit", die_at_second)
        assert isinstance(bss("ingest", str(path)).exception, Died)
    assert rows(shop, KEYS.name) == [10]
    with monkeypatch.context() as dying:
        dying.setattr(feed.Feed, "_keep", _dies)
        bss("ingest", str(path))
    assert rows(shop, KEYS.name) == [20]

    counts = {"received": 25, "created": 15, "duplicate": 10, "refused": 0, "states": {"rated": 15}}
    assert told(bss("ingest", str(path), "--json")) == {str(path): counts}
    assert (rows(shop, KEYS.name, RATINGS.name), network.charged("line")) == ([25, 25], {"EUR": "2.4"})


def test_a_mapping_of_another_kind_stops_the_command(bss: Bss, tmp_path: Path) -> None:
    path, mapping = calls(tmp_path / "sms.csv", 1), tmp_path / "map.yaml"
    mapping.write_text("columns: 5\n")

    result = bss("ingest", str(path), "--mapping", str(mapping))

    assert (result.exit_code, "columns has a name for each column" in result.stderr.replace("\n", " ")) == (1, True)
    assert not (tmp_path / "sms.csv.checkpoint").exists()


def test_commands_recycle_and_rate_over(shop: Shop, network: Network, bss: Bss) -> None:
    network.created(usage("sms", AT, "2 event", "line"))
    network.created(usage("fax", AT, "2 event", "line"))
    sold(network)

    assert bss("recycle", "--dry-run").stdout.splitlines() == ["would be rated: 1 of 2", "  1 no.price"]
    assert told(bss("recycle", "--json")) == {"taken": 2, "rated": 1, "left": {"no.price": 1}}
    network.price("sms", "sms", "0.04", "1 event", version="2.0")
    lines = bss("rerate", "--product", "line", "--since", "2025-01-01T00:00:00Z", "--dry-run").stdout.splitlines()
    assert lines[-3:] == ["line: 1 of 1 usages changed", "  EUR 0.2 -> 0.08 (-0.12)", "nothing was kept"]
    [proof] = told(bss("rerate", "--product", "line", "--json"))
    assert (proof["before"], proof["after"], len(proof["changes"])) == ({"EUR": "0.20"}, {"EUR": "0.08"}, 1)
    assert bss("rerate", "--product", "line").stdout.splitlines() == [
        "line: 0 of 1 usages changed",
        "  EUR 0.08 -> 0.08 (0)",
    ]
    assert bss("rerate", "--product", "line", "--since", "today").exit_code == 2
