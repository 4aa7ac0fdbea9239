"""The commands that components add to `bss`. Components are loaded when no command of the suite's own is meant."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup
from typer.main import get_command

from common.cli.context import explained, settings
from common.component import imported, load_components
from common.errors import ConfigurationError


class WithComponents(TyperGroup):
    """The suite's commands, then those of the components (`Component.commands`)."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [*super().list_commands(ctx), *sorted(_named())]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        named = _named()
        return get_command(imported(named[cmd_name])) if cmd_name in named else None


def _named() -> dict[str, str]:
    """Errors: ConfigurationError, explained, for a component that is not there or a command that two have."""
    named: dict[str, str] = {}
    with explained():
        for component in load_components(settings().component_names):
            for name, application in component.commands.items():
                if name in named:
                    raise ConfigurationError(f"{component.name}: another component has a command {name!r}")
                named[name] = application
    return named
