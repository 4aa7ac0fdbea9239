"""Write the table of rules by APIs in docs/conformance.md: `python -m tests.conformance.write_matrix`.

From a full run of the kit on every API of this suite, on SQLite, in process. test_kit.py tells when it is not current.
"""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path

import structlog

from common.conformance.check import Profile
from common.conformance.report.matrix import of_report
from common.conformance.report.summary import summarised
from tests.conformance.conftest import Backend
from tests.conformance.fitted import CONTRACTS
from tests.conformance.test_kit import PAGE, judged

START, END = "<!-- matrix -->\n", "<!-- end of matrix -->\n"


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    runs = []
    with tempfile.TemporaryDirectory() as name:
        backend = Backend(f"sqlite:///{name}/bss.db", Path(name))
        for key in CONTRACTS:
            runs.append(judged(backend.suite(callback_allow_private=True), key, Profile.FULL))
            backend.empty()
            print(key, flush=True)
        backend.close()
    table = of_report(summarised(runs, server="this suite", profile="full", at=""))
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(START)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{START}{table}{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
