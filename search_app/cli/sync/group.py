"""The command group `apparel sync`."""

from typing import Any

import typer
from typer.core import TyperGroup

from search_app.cli.sync import runs, sources


class RunUnlessNamed(TyperGroup):
    """A group whose command `run` may be left out: `apparel sync SOURCE`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put `run` before arguments that name no other command."""
        if not args or (args[0] not in self.commands and args[0] not in ("-h", "--help")):
            args = ["run", *args]
        return super().parse_args(ctx, args)


sync_app = typer.Typer(
    cls=RunUnlessNamed,
    help="Keep named sources fresh. They are files, folders, feeds by address, Shopify or "
    "WooCommerce. Without a command: run the sources that are due.",
    rich_markup_mode=None,
)


for _name, _command in (
    ("run", runs.run),
    ("add", sources.add),
    ("list", sources.list_all),
    ("remove", sources.remove),
):
    sync_app.command(_name)(_command)
