"""The tables of evidence: a module for each stage that writes some, with their row models."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from repro.contract.rows.row import Row


@cache
def row_models() -> Mapping[str, type[Row]]:
    """The row model of every table that a stage writes, by the table's name."""
    modules = [import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__)]
    models = [one for module in modules for one in vars(module).values() if _is_table(one)]
    return {model.table: model for model in models}


def stage_of(table: str) -> str:
    """The stage that writes a table; of an unknown one its name."""
    model = row_models().get(table)
    return model.stage() if model else table


def command_of(table: str, at: str = "") -> str:
    """What to type to make a table again.

    Args:
        table: its name.
        at: what stands before the name of its stage where that is another profile's: FILE and a
            colon.
    """
    model = row_models().get(table)
    own = model.command if model else ""
    return own or f"dvc repro {at}{stage_of(table)}"


def _is_table(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, Row) and bool(vars(value).get("table"))
