"""`python -m repro.maker`: what `dvc.yaml` calls. It parses, calls one function, prints."""

from pathlib import Path
from typing import Annotated

import typer

from repro.console import commands
from repro.errors import ParamsError

app = commands("The stages that make evidence.")

ParamsFile = Annotated[Path, typer.Option(metavar="FILE", help="Params of the profile.")]


@app.command()
def run(
    name: Annotated[str, typer.Argument(metavar="STAGE", help="Stage, such as train.")],
    params: ParamsFile = Path("params.yaml"),
    at: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=DIR",
            help="A folder that is elsewhere, by the name of its stage, or evidence=DIR.",
        ),
    ] = None,
) -> None:
    """Run one stage, from and into the folders of its profile."""
    from repro.maker.pipeline.stages import stage

    stage(name).execute(params, _moved(at or []))


@app.command()
def steer(
    feature: Annotated[int, typer.Argument(metavar="FEATURE", help="Row of the dictionary.")],
    prompt: Annotated[str, typer.Option(metavar="TEXT", help="Beginning of the text.")],
    dictionary: Annotated[Path, typer.Option(metavar="FILE", help="Trained dictionary.")],
    artifacts: Annotated[Path, typer.Option(metavar="DIR", help="Folder of a run.")],
    strength: Annotated[float, typer.Option(help="Push, in spreads of the activations.")],
    tokens: Annotated[int, typer.Option(min=1, help="Tokens to write.")],
    seed: Annotated[int, typer.Option(help="Seed of the draws.")],
) -> None:
    """Amplify a feature while the model writes; `repro steer` says how."""
    from repro.maker.steer.shown import Asked, shown, side_by_side

    asked = Asked(feature, prompt, strength, tokens, seed)
    typer.echo(side_by_side(asked, shown(artifacts, dictionary, asked)))


@app.command()
def code(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the hashes go.")],
    params: ParamsFile = Path("params.yaml"),
) -> None:
    """Check the whole params file, and write the hash of the code of each stage."""
    from repro.maker.pipeline.stages import write_code

    write_code(params, out)


@app.command()
def pipeline(
    root: Annotated[Path, typer.Option(metavar="DIR", help="The checkout.")] = Path(),
) -> None:
    """Write `dvc.yaml` of every profile, as the stages declare it."""
    from repro.maker.pipeline.dvc import write_pipelines

    for path in write_pipelines(root):
        typer.echo(f"written: {path}")


def _moved(given: list[str]) -> dict[str, Path]:
    pairs = [one.partition("=") for one in given]
    for name, equals, folder in pairs:
        if not (name and equals and folder):
            raise ParamsError(
                f"--at {name}{equals}{folder} names no folder",
                expected="NAME=DIR",
                mend="python -m repro.maker run --help",
            )
    return {name: Path(folder) for name, _, folder in pairs}


if __name__ == "__main__":
    app(prog_name="python -m repro.maker")
