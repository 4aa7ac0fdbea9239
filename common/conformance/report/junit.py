"""The report as JUnit XML, for CI: what could not run is skipped, a SHOULD or MAY that fails is told and no failure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

from common.conformance.check import Level, Outcome

# What XML 1.0 cannot carry.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def junit(report: Mapping[str, Any]) -> str:
    root = ElementTree.Element("testsuites", name=f"bss conformance {report['server']}")
    for api in report["apis"]:
        results = api["results"]
        failing = [one for one in results if _fails(one)]
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=api["api"],
            tests=str(len(results)),
            failures=str(len(failing)),
            skipped=str(sum(one["outcome"] == Outcome.NOT_RUN for one in results)),
            time=api["seconds"],
        )
        for one in results:
            _case(suite, api["api"], one)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _fails(one: Mapping[str, Any]) -> bool:
    return bool(one["outcome"] == Outcome.FAILED and one["level"] == Level.MUST)


def _case(suite: ElementTree.Element, api: str, one: Mapping[str, Any]) -> None:
    case = ElementTree.SubElement(suite, "testcase", classname=f"{api}.{one['resource']}", name=one["check"])
    if one["outcome"] == Outcome.NOT_RUN:
        ElementTree.SubElement(case, "skipped", message=_clean(one["reason"]))
    elif one["outcome"] == Outcome.FAILED:
        told = f"{one['text']} ({one['level']}, {one['rule']})\nexpected: {one['expected']}\ngot: {one['got']}"
        told += "".join(f"\n{exchange['curl']}" for exchange in one["exchanges"])
        if _fails(one):
            ElementTree.SubElement(case, "failure", message=_clean(f"expected {one['expected']}")).text = _clean(told)
        else:
            ElementTree.SubElement(case, "system-out").text = _clean(told)


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("?", text)
