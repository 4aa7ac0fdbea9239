"""The `v4:` block of an entity, and of an exception of an API: how the v4 documents write it."""

from __future__ import annotations

from common.spec.build.model import FormRule, V4Rule
from common.spec.build.read_field import read_fields
from common.spec.build.yaml_file import mapping, only, text, texts

_ENTITY_KEYS = {
    "about", "name", "becomes", "extends", "one-of", "fields", "renames", "without", "require", "create", "patch",
    "values",
}  # fmt: skip
_FORM_KEYS = {"require", "without"}


def read_v4_rule(value: object, file: str, name: str) -> V4Rule:
    """How the v4 documents write the entity `name`."""
    source = mapping(value, file, name)
    only(source, _ENTITY_KEYS, file, name)
    return V4Rule(
        about=text(source["about"], file, name, "about") if "about" in source else "",
        name=text(source["name"], file, name, "name") if "name" in source else "",
        becomes=text(source["becomes"], file, name, "becomes") if "becomes" in source else "",
        extends=texts(source["extends"], file, name, "extends") if "extends" in source else None,
        one_of=texts(source["one-of"], file, name, "one-of") if "one-of" in source else None,
        fields=read_fields(source.get("fields", {}), file, name),
        renames=_renames(source.get("renames", {}), file, name),
        without=texts(source["without"], file, name, "without") if "without" in source else None,
        require=texts(source["require"], file, name, "require") if "require" in source else None,
        create=_form(source["create"], file, name) if "create" in source else None,
        patch=_form(source["patch"], file, name) if "patch" in source else None,
        values=texts(source.get("values"), file, name, "values"),
    )


def _renames(value: object, file: str, name: str) -> dict[str, str]:
    return {old: text(new, file, name, old) for old, new in mapping(value, file, name).items()}


def _form(value: object, file: str, name: str) -> FormRule:
    source = mapping(value, file, name)
    only(source, _FORM_KEYS, file, name)
    return FormRule(
        require=texts(source.get("require"), file, name, "require"),
        without=texts(source.get("without"), file, name, "without"),
    )
