"""`bss usage publish`: files of usage into the stream that rating workers read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from common.broker.opening import open_broker
from common.broker.streams import intake_stream
from common.cli.context import FAILED, MISUSED, err, explained, out, settings, stop
from common.errors import BssError
from tmf635_usage.ingest import chunks
from tmf635_usage.sources import Columns, MappingRefused, Place, read_file
from tmf635_usage.stream import STREAM, message


def publish(
    files: Annotated[list[Path], typer.Argument(help="CSV (*.csv) or NDJSON.", exists=True, dir_okay=False)],
    mapping: Annotated[Path | None, typer.Option(help="YAML: what the columns are (docs/usage.md).")] = None,
) -> None:
    """Publish files of usage to the stream of the broker (BSS_BROKER_URL); safe to repeat.

    Exit code 1 when records could not be read or have no key; they are named, and the others are published.
    """
    given = settings()
    stream, refused = intake_stream(STREAM, given), 0
    with explained():
        broker = open_broker(given)
        if broker is None:
            stop("BSS_BROKER_URL names no broker", MISUSED)
        try:
            columns = Columns() if mapping is None else Columns.load(mapping)
            broker.prepare(stream)
            for file in files:
                published = 0
                for chunk in chunks(read_file(file, columns, Place())):
                    messages = []
                    for one in chunk:
                        try:
                            if isinstance(one.record, BssError):
                                raise one.record
                            messages.append(message(one.record))
                        except BssError as error:
                            refused += 1
                            err.print(f"{file.name}:{one.line}: {error.message}", markup=False, soft_wrap=True)
                    broker.publish(stream, messages)
                    published += len(messages)
                out.print(f"{file}: {published} published", markup=False, soft_wrap=True)
        except MappingRefused as error:
            stop(str(error), FAILED)
        finally:
            broker.close()
    if refused:
        raise SystemExit(FAILED)
