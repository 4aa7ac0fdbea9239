"""A toy contract: one API with one resource, small enough to expect every schema by hand."""

from __future__ import annotations

from pathlib import Path

BASE = """
Extensible:
  about: Has a type.
  root: true
  forms: [create]
  fields: {"@type": string}
  require: ["@type"]
  v4: {require: []}
Addressable:
  about: Has an id.
  root: true
  forms: [create]
  fields: {id: string, href: string}
  create: {without: [href]}
Entity: {about: Is stored., extends: [Extensible, Addressable], root: true, patch: {extends: Extensible}}
EntityRef:
  about: Leads elsewhere.
  extends: [Extensible, Addressable]
  root: true
  forms: [create]
  fields: {id: string}
  require: [id]
Error: {about: Failed., extends: Extensible, forms: [], fields: {code: string}, require: [code]}
Event: {about: Happened., extends: Extensible, root: true, fields: {event: object}}
Hub:
  about: Listens.
  extends: Entity
  root: true
  forms: [create]
  fields: {callback: string}
  require: [callback]
  v4: {name: EventSubscription, extends: Addressable, without: [href], require: [id, callback]}
BaseEvent:
  about: Happened before.
  extends: Entity
  fields: {event: object, eventType: string}
  v4: {extends: Addressable, fields: {fieldPath: string}}
JsonPatch: {about: Changes., fields: {op: {values: [add, remove]}}}
JsonPatchOperations: {about: Changes a lot., list-of: JsonPatch}
Money: {about: An amount., fields: {amount: float}}
"""

API = """
api: TMF900
title: Lamps
version: 5.0.0
about: Lamps and their shades.
base-path: lamp/v5
resources:
  Lamp:
    verbs: all
    events: [Create]
entities:
  Lamp:
    about: Gives light.
    extends: Entity
    fields:
      name: string
      watt: integer
      price: Money
      colour: {type: string, about: The colour of the light., default: white}
      shade: [ShadeRefOrValue]
      maker: MakerRef
      state: LampState
    create: {require: [name], without: [state]}
    patch: {without: [watt], plain: [maker]}
    v4:
      name: Light
      renames: {watt: power}
      fields: {bulb: [Bulb]}
      without: [colour]
      require: [name]
  LampState: {about: On or off., values: ["on", "off"]}
  Shade: {about: Softens the light., extends: Entity, fields: {name: string}}
  PaperShade: {about: A shade of paper., extends: Shade, fields: {watt: int32}, create: {require: [watt]}}
  ShadeRef: {about: Leads to a shade., extends: EntityRef}
  ShadeRefOrValue: {about: "A shade, or a reference.", one-of: [Shade, ShadeRef]}
  MakerRef: {about: Leads to a maker., extends: EntityRef, v4: {becomes: PartyRef}}
"""

V4 = """
v4:
  version: 4.0.0
  base-path: light/v4
  resources:
    Lamp: {events: [Create, AttributeValueChange]}
  exceptions:
    - {why: Money has a type here., entities: [Money], extends: Extensible}
  entities:
    Bulb: {about: Is screwed in., extends: Extensible, fields: {value: any}, create: {require: [value]}}
    PartyRef: {about: Leads to a party., extends: EntityRef, fields: {role: string}}
"""

GLOSSARY = """
"@type": The type.
id: The id.
href: The address.
code: The code.
event: What happened.
callback: Where to send it.
op: What to do.
amount: How much.
name: What it is called.
watt: How much power it takes.
price: What it costs.
shade: What softens the light.
maker: Who made it.
state: Whether it is lit.
eventType: The kind.
fieldPath: What changed.
power: How much it takes.
bulb: What burns in it.
"""

V4_GLOSSARY = """
value: What it is.
role: Its part.
"""


def write_toy(folder: Path) -> None:
    """Write the toy contract's sources into `folder`."""
    (folder / "shared").mkdir()
    (folder / "shared" / "base.yaml").write_text(BASE)
    (folder / "tmf900.yaml").write_text(API)
    (folder / "glossary.yaml").write_text(GLOSSARY)


def write_v4_toy(folder: Path) -> None:
    """Write the toy contract with its v4 section."""
    write_toy(folder)
    (folder / "tmf900.yaml").write_text(API + V4)
    (folder / "glossary.yaml").write_text(GLOSSARY + V4_GLOSSARY)
