"""What every command needs: settings from the environment, the store, and errors a person understands."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from rich.console import Console

from common.errors import BssError, ConfigurationError, Unavailable
from common.installation import Installation
from common.settings import Settings
from common.store.database import Database

# Exit codes, documented in `bss --help`.
FAILED, MISUSED, UNAVAILABLE = 1, 2, 3

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def settings(**overrides: Any) -> Settings:
    return Settings.from_environment(**overrides)


@contextmanager
def explained() -> Iterator[None]:
    """Turn what went wrong into one line and an exit code, without a stack trace."""
    try:
        yield
    except ConfigurationError as error:
        stop(error.message, MISUSED)
    except Unavailable as error:
        stop(f"the database does not answer: {error.message}", UNAVAILABLE)
    except BssError as error:
        stop(f"{error.reason}: {error.message}", FAILED)


@contextmanager
def opened() -> Iterator[Installation]:
    """The installation that the settings name, with its store; what goes wrong is explained."""
    with explained():
        installation = Installation.assemble(settings())
        try:
            installation.open_store()
            yield installation
        finally:
            installation.database.close()


def stop(message: str, code: int) -> NoReturn:
    err.print(f"bss: {message}", style="red", markup=False)
    raise SystemExit(code)


def open_database(given: Settings | None = None) -> Database:
    """The store with the tables of every resource that is served."""
    return Installation.assemble(given or settings()).database


def print_json(value: Any) -> None:
    json.dump(value, sys.stdout, indent=1, default=str)
    sys.stdout.write("\n")
