"""The stages that there are: the modules of `repro/maker/stages/`, in the order of the pipeline."""

from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from repro.errors import ParamsError
from repro.files import write_with
from repro.maker import stages
from repro.maker.engine.code import code_of
from repro.maker.params.model import load_params
from repro.maker.stage import Stage


@cache
def names() -> tuple[str, ...]:
    """Names of all stages, in alphabetical order; none is imported."""
    return tuple(sorted(found.name for found in iter_modules(stages.__path__)))


def stage(name: str) -> Stage:
    """The declaration of one stage; no other is imported.

    Raises:
        ParamsError: there is none of that name.
    """
    if name not in names():
        raise ParamsError(
            f"there is no stage {name!r}",
            expected=f"one of {', '.join(names())}",
            mend=f"python -m repro.maker run {names()[0]}",
        )
    return import_module(f"{stages.__name__}.{name}").STAGE


def in_order() -> list[Stage]:
    """All stages, each after those whose folders it reads; else by name."""
    waiting = {name: stage(name) for name in names()}
    found: list[Stage] = []
    while waiting:
        ready = next(n for n, one in waiting.items() if not waiting.keys() & {*one.inputs})
        found.append(waiting.pop(ready))
    return found


def write_code(params: Path, out: Path) -> None:
    """Check the whole params file; write a file a stage with the hash of the code that it runs.

    A stage depends on its file: it runs again when code that it reaches has changed, and on no
    other change of the sources.

    Raises:
        ParamsError: the params file is not what its model says.
    """
    load_params(params)
    out.mkdir(parents=True, exist_ok=True)
    for stale in {path.name for path in out.iterdir()} - {*names()}:
        (out / stale).unlink()
    for name in names():
        code = code_of(f"{stages.__name__}.{name}")
        write_with(out / name, lambda part, code=code: part.write_text(f"{code}\n", "utf8"))
