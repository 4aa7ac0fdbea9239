"""What decides whether a benchmark fell, what the pages show, and what the model of a cluster says."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks.harness import check, earlier, record
from benchmarks.harness.figures import Figure, ratios, rounds
from benchmarks.harness.load import Answer, Script, _run, request
from benchmarks.scale_model import Cost, Operator, bound, plan, table


def figure(name: str, *samples: float, unit: str = "ratio", **more: object) -> Figure:
    return Figure.of(name, samples, unit, **more)


def test_rounds_alternate_after_one_that_warms_up() -> None:
    seen: list[str] = []

    def run(name: str, value: float) -> float:
        seen.append(name)
        return value

    found = rounds({"a": lambda: run("a", 2.0), "b": lambda: run("b", 4.0)}, 2)

    assert "".join(seen) == "abab" + "ba"
    assert ratios(found["a"], found["b"]) == [0.5, 0.5]


@pytest.mark.parametrize(
    ("value", "better", "target", "holds"),
    [
        (2, "more", 1.5, True),
        (1, "more", 1.5, False),
        (2, "less", 1.5, False),
        (1, "less", 1.5, True),
        (1, "more", None, None),
    ],
)
def test_a_figure_knows_whether_its_target_holds(value: float, better: str, target: float | None, holds: bool) -> None:
    assert figure("x", value, better=better, target=target).holds is holds


@pytest.mark.parametrize(
    ("before", "now", "better", "fell"),
    [
        ((1.0,), (0.76,), "more", False),
        ((1.0,), (0.74,), "more", True),
        ((1.0,), (0.5, 0.8), "more", False),  # one undisturbed round shows what it can do
        ((1.0,), (1.3,), "less", False),
        ((1.0,), (1.4,), "less", True),
        ((1.0,), (1.4, 1.1), "less", False),
    ],
)
def test_a_ratio_that_is_a_quarter_worse_has_fallen(
    before: tuple[float, ...], now: tuple[float, ...], better: str, fell: bool
) -> None:
    found = check.worse([figure("x", *before, better=better)], [figure("x", *now, better=better)])

    assert bool(found) is fell


def test_only_ratios_that_are_recorded_are_compared() -> None:
    assert check.worse([figure("x", 100, unit="/s")], [figure("x", 1, unit="/s"), figure("y", 0.1)]) == {}


@pytest.mark.parametrize(
    ("ours", "theirs", "fell"),
    [
        ([0.9], [], False),
        ([0.5, 0.8], [], False),  # disturbed once
        ([0.5] * 4, [1.0] * 2, True),
        ([0.5] * 3, [0.6], False),  # so does the code that was recorded: the machine is another
        ([0.5, 0.5, 0.4, 0.5], [0.6, 0.6], False),
        ([0.5] * 2, None, True),  # no such code here
    ],
)
def test_what_fell_is_measured_again_and_then_beside_the_code_that_was_recorded(
    ours: list[float], theirs: list[float] | None, fell: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "recorded.json"
    record.write("short", {"one": [figure("x", 1.0)]}, {"cores": "2"}, "2026-01-01", "abc", file)
    first, *others = ours

    @contextmanager
    def installed(commit: str) -> Iterator[Callable[[str], list[Figure]]]:
        assert commit == "abc"
        assert theirs is not None
        yield lambda section: [figure("x", theirs.pop(0))]

    monkeypatch.setattr(earlier, "is_here", lambda commit: theirs is not None)
    monkeypatch.setattr(earlier, "installed", installed)

    found = check.fallen("one", "short", [figure("x", first)], lambda: [figure("x", others.pop(0))], file)

    assert bool(found) is fell
    assert (others, theirs or []) == ([], [])  # no more was measured than was needed


def test_a_commit_that_a_shallow_clone_has_not_is_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def git(folder: Path, *arguments: str) -> None:
        subprocess.run(
            ["git", "-c", "user.name=x", "-c", "user.email=x@example.com", *arguments], cwd=folder, check=True
        )

    whole, shallow, commits = tmp_path / "whole", tmp_path / "shallow", []
    git(tmp_path, "init", "--quiet", str(whole))
    monkeypatch.setattr(earlier, "ROOT", whole)
    for number in range(3):
        git(whole, "commit", "--quiet", "--allow-empty", "--message", str(number))
        commits.append(earlier.head())
    git(tmp_path, "clone", "--quiet", "--depth", "1", whole.as_uri(), str(shallow))
    monkeypatch.setattr(earlier, "ROOT", shallow)

    assert [earlier.is_here(commit) for commit in (commits[2], commits[0], "0" * 40, "")] == [True, True, False, False]

    git(shallow, "remote", "remove", "origin")
    assert [earlier.is_here(commit) for commit in commits] == [True, False, True]


def test_what_was_recorded_is_read_again_and_other_sections_stay(tmp_path: Path) -> None:
    file = tmp_path / "recorded.json"
    first, second = figure("a", 1, 2, 3, target=1.0, about="what"), figure("b", 1)

    record.write("full", {"one": [first]}, {"cores": "2"}, "2026-01-01", "abc", file)
    record.write("full", {"two": [second]}, {"cores": "2"}, "2026-01-02", "def", file)
    record.write("short", {"one": [second]}, {"cores": "2"}, "2026-01-02", "def", file)

    assert record.read("full", file) == {"one": [first], "two": [second]}
    assert record.read("short", file) == {"one": [second]}
    assert record.commits("full", file) == {"one": "abc", "two": "def"}
    assert record.origins("full", file) == {
        "one": "Measured on 2026-01-01: cores 2.",
        "two": "Measured on 2026-01-02: cores 2.",
    }


def test_the_page_shows_each_section_in_its_place() -> None:
    page = "before\n<!-- figures: one -->\nstale\n<!-- end -->\nbetween\n<!-- figures: two -->\n<!-- end -->\n"
    blocks = record.blocks_of({"one": [figure("a", 0.5, target=1.0)]}, {}, {"one": "Measured."})

    shown = record.renew(page, blocks)

    assert "stale" not in shown
    assert "| a | 0.5 | 0.5 to 0.5 | >= 1 | **does not hold** |" in shown
    assert "<!-- figures: two -->\n(not measured)\n<!-- end -->" in shown
    assert shown.startswith("before\n")


def test_what_only_the_short_form_measured_is_shown_as_such() -> None:
    blocks = record.blocks_of({"one": [figure("a", 1)]}, {"one": [figure("a", 2)], "two": [figure("b", 3)]}, {})

    assert blocks["one"].endswith("| a | 1 | 1 to 1 |  |  |")
    assert blocks["two"].startswith("Of the short form")


def test_a_section_that_was_measured_elsewhere_says_so() -> None:
    full = {name: [figure("a", 1)] for name in ("one", "two", "three")}

    blocks = record.blocks_of(full, {}, {"one": "Here.", "two": "There.", "three": "Here."})

    assert blocks["machine"] == "Here."
    assert blocks["two"].startswith("There.\n\n| figure")
    assert blocks["one"].startswith("| figure")


def test_the_page_shows_what_is_recorded() -> None:
    page = record.PAGES[0].read_text()

    for form in ("full", "short"):
        for name in record.read(form):
            assert f"<!-- figures: {name} -->\n(not measured)" not in page


def echo(connection: int, **_: object) -> Script:
    for number in range(3):
        answer: Answer = yield request("POST", f"/{connection}", b"x" * number)
        assert answer.body == b"x" * number


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while head := await reader.readuntil(b"\r\n\r\n"):
        size = int(head.partition(b"content-length: ")[2].split()[0])
        body = await reader.readexactly(size)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        await writer.drain()
        writer.write(body)  # in two parts, as a network may


@pytest.mark.parametrize("rate", [None, 200.0])
def test_the_client_sends_what_a_script_says_and_gives_it_the_answer(rate: float | None) -> None:
    async def run() -> int:
        server = await asyncio.start_server(_serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        asked = {"script": "tests.benchmarks.test_harness:echo", "arguments": {}, "port": port}
        async with server:
            load = await _run({**asked, "connections": 2, "seconds": 0.3, "rate": rate})
        assert load.refused == 0
        return load.answers

    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda *_: None)  # of the server's readers, whose clients leave
    try:
        assert loop.run_until_complete(run()) == 6
    finally:
        loop.close()


def costs() -> Iterator[tuple[str, Cost]]:
    for name in ("get", "list", "post", "usage", "charging", "bill", "event"):
        yield name, Cost(worker=500, database=250, kept=1_000)


def test_rates_are_limited_by_workers_and_by_what_all_share() -> None:
    assert bound(Cost(500, 250), workers=1, cores=2) == 2_000
    assert bound(Cost(500, 250), workers=2, cores=2) == pytest.approx(2_666.7, abs=0.1)
    assert bound(Cost(500, 250), workers=2, cores=2, client=250) == 2_000


def test_a_plan_grows_with_its_operator() -> None:
    small, large = (plan(Operator(count), dict(costs())) for count in (100_000, 100_000_000))

    assert large.database_cores == pytest.approx(1_000 * small.database_cores)
    assert small.databases == 1
    assert large.databases > 1
    assert large.terabytes == pytest.approx(1_000 * small.terabytes)
    assert table([small, large]).count("\n") == 3
