"""What is found wrong with a stored document, told of the document that the client knows: in its major's words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from common.domain.query import Document
from common.errors import AttributesKept, IllegalTransition, InvalidBody
from common.installation import Served
from common.v4.pointers import shown_name, shown_pointer, shown_state, shown_states


@contextmanager
def told_in(served: Served, shown: Document) -> Iterator[None]:
    """Pointers, names and states of a v4 document, `shown`, where v4 is served; v5 is the stored form."""
    mapping = served.mapping
    try:
        yield
    except InvalidBody as error:
        if mapping is None:
            raise
        told = [replace(v, pointer=shown_pointer(mapping, shown, v.pointer)) for v in error.violations]
        raise InvalidBody(told) from error
    except AttributesKept as error:
        if mapping is None or error.resource != served.kept.name:
            raise
        names = sorted({shown_name(mapping, served.resource.attributes, name) for name in error.names})
        state, mended = (shown_state(mapping, error.attribute, one) for one in (error.state, error.mended))
        raise AttributesKept(served.name, error.id, error.attribute, state, names, mended) from error
    except IllegalTransition as error:
        if mapping is None or error.resource != served.kept.name:
            raise
        before, after = shown_state(mapping, error.attribute, error.before), str(shown.get(error.attribute))
        allowed = shown_states(mapping, error.attribute, error.allowed)
        raise IllegalTransition(served.name, error.attribute, before, after, allowed) from error
