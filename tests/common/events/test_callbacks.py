"""Where events never go: what a hostile callback may try, in the URL and in DNS."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis.strategies import sampled_from, text

from common.events.callbacks import CallbackRefused, callback_violations, connected, is_public, judged
from common.events.sending import Attempt, open_sender
from common.settings import Settings
from tests.common.events.listeners import Listener
from tests.common.events.toys import START


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "127.255.255.254",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "a.localhost",
        "127.0.0.1.",
        "[::1]",
        "[::]",
        "[::127.0.0.1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:a00:1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b:1::1]",
        "[2002:7f00:1::]",
        "[2002:a9fe:a9fe::1]",
        "[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
        "[2001:db8::1]",
        "[3fff::1]",
        "[fc00::1]",
        "[fd12:3456::1]",
        "[fe80::1]",
        "[fec0::1]",
        "[ff02::1]",
        "[100::1]",
        "[5f00::1]",
    ],
)
def test_a_literal_private_host_is_refused_when_it_registers(host: str) -> None:
    url = f"http://{host}:8080/x"

    assert [one.rule for one in callback_violations(url, Settings())] == ["address"]
    assert callback_violations(url, Settings(callback_allow_private=True)) == []


@pytest.mark.parametrize(
    "url",
    [
        "http://listener.example/cb",
        "https://8.8.8.8/cb?x=1#f",
        "https://[2606:4700::1111]:8443/",
        "http://[2002:808:808::1]/",
        "http://[64:ff9b::808:808]/",
        "http://[::ffff:8.8.8.8]/",
        "http://bücher.example/",
        "http://127.0.0.1.example/",
        "HTTPS://listener.example",
        "http://xn--zzzz.example/",
    ],
)
def test_public_urls_are_accepted(url: str) -> None:
    assert callback_violations(url, Settings()) == []


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://a.example/",
        "ftp://a.example/",
        "javascript:alert(1)",
        "//a.example/",
        "a.example",
        "",
        "http://",
        "http:///path",
        "http://user@a.example/",
        "http://user:password@a.example/",
        "http://a.example\\@b.example/",
        "http://a.example/ x",
        "http://a.example/\r\nX: y",
        "http://a\x00.example/",
        "http://[::1",
        "http://a.example:port/",
        "http://a.example:0/",
        "http://a.example:65536/",
        "http://0177.0.0.1/",
    ],
)
def test_what_is_no_web_address_is_refused(url: str) -> None:
    assert [one.rule for one in callback_violations(url, Settings())] == ["format"]


@given(text(alphabet="htps:/\\@[]%.01279afxn-?#&é。１ \x00", max_size=20), sampled_from(["", "http://", "http://xn--"]))
def test_no_text_is_too_strange_to_be_judged(rest: str, start: str) -> None:
    for problem in callback_violations(start + rest, Settings()):
        assert problem.pointer == "/callback"


def test_the_schemes_are_a_setting() -> None:
    assert len(callback_violations("http://a.example/", Settings(callback_schemes="https"))) == 1
    assert callback_violations("https://a.example/", Settings(callback_schemes="https")) == []


@pytest.mark.parametrize("text", ["8.8.8.8", "1.1.1.1", "172.32.0.1", "2606:4700::1111", "2a00:1450::1"])
def test_public_addresses_are_public(text: str) -> None:
    assert is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize("answers", [["10.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["::ffff:10.0.0.1"], ["fe80::1%eth0"], []])
def test_a_name_that_leads_to_a_private_address_is_refused(answers: list[str]) -> None:
    with pytest.raises(CallbackRefused):
        judged("evil.example", answers)


def test_few_of_many_addresses_are_tried() -> None:
    assert judged("wide.example", [f"8.8.8.{last}" for last in range(9)]) == [
        "8.8.8.0",
        "8.8.8.1",
        "8.8.8.2",
        "8.8.8.3",
    ]


def test_the_connection_goes_to_the_address_that_was_judged() -> None:
    questions: list[str] = []

    async def rebinding(host: str, port: int) -> list[str]:
        """Public at the first question, private at every later one."""
        questions.append(host)
        return ["8.8.8.8"] if len(questions) == 1 else ["127.0.0.1"]

    network = RecordingNetwork()

    async def connect() -> str:
        return await connected(
            "rebinding.example", 443, resolve=rebinding, allow_private=False, connect=network.connect
        )

    assert asyncio.run(connect()) == "8.8.8.8"
    with pytest.raises(CallbackRefused):
        asyncio.run(connect())

    assert network.connected == [("8.8.8.8", 443)]


def test_the_next_address_is_tried_when_one_does_not_answer() -> None:
    async def two(host: str, port: int) -> list[str]:
        return ["8.8.8.8", "8.8.4.4"]

    network = RecordingNetwork(dead={"8.8.8.8": ConnectionRefusedError()})

    asyncio.run(connected("a.example", 80, resolve=two, allow_private=False, connect=network.connect))

    assert network.connected == [("8.8.8.8", 80), ("8.8.4.4", 80)]


def test_who_is_reached_and_is_not_who_it_should_be_is_not_looked_for_elsewhere() -> None:
    async def two(host: str, port: int) -> list[str]:
        return ["8.8.8.8", "8.8.4.4"]

    network = RecordingNetwork(dead={"8.8.8.8": ssl.SSLCertVerificationError()})

    with pytest.raises(ssl.SSLCertVerificationError):
        asyncio.run(connected("a.example", 443, resolve=two, allow_private=False, connect=network.connect))

    assert network.connected == [("8.8.8.8", 443)]


def test_the_host_header_stays_the_name(listener: Listener) -> None:
    async def local(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    url = listener.url.replace("127.0.0.1", "listener.example")

    async def post() -> Attempt:
        settings = Settings(callback_allow_private=True)
        async with open_sender(settings, ssl.create_default_context(), local) as sender:
            return await sender.post(url, b"{}", None, START)

    assert asyncio.run(post()) == Attempt()
    assert listener.received[0].headers["Host"] == url.split("/")[2]


class RecordingNetwork:
    """Notes where connections would go; `dead` addresses fail."""

    def __init__(self, dead: Mapping[str, Exception] | None = None) -> None:
        self.connected: list[tuple[str, int]] = []
        self._dead = dead or {}

    async def connect(self, address: str, port: int) -> str:
        self.connected.append((address, port))
        if address in self._dead:
            raise self._dead[address]
        return address
