"""The command line: it parses, calls one function, prints; heavy imports wait for their command."""

import datetime
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from repro import steer
from repro.console import commands

if TYPE_CHECKING:
    from repro.spec import Claim

app = commands("Claims of a paper, judged by machine: state, run, verify, report, gate.")

ClaimsDir = Annotated[
    Path | None,
    typer.Option("--claims", metavar="DIR", help="Claims; default ./claims or the checkout's."),
]
EvidenceDir = Annotated[Path, typer.Option("--evidence", metavar="DIR", help="Tables to judge.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of text.")]
LockFile = Annotated[
    Path | None,
    typer.Option("--lock", metavar="FILE", help="Lock; default claims.lock beside the claims."),
]
VerdictsFile = Annotated[Path, typer.Option("--verdicts", metavar="FILE", help="Verdicts.")]


@app.command("list")
def list_claims(
    claims: ClaimsDir = None,
    as_json: AsJson = False,
    ambiguities: Annotated[
        bool, typer.Option("--ambiguities", help="What paper and code leave open, instead.")
    ] = False,
) -> None:
    """List the claims, decided or not."""
    if ambiguities:
        _list_ambiguities(as_json=as_json)
        return
    found = _load(claims)
    if as_json:
        typer.echo(_json([claim.model_dump(mode="json") for claim in found]))
        return
    for claim in found:
        typer.echo(f"{claim.id}  {claim.source:7}  {claim.says}")


@app.command()
def show(
    claim_id: Annotated[str, typer.Argument(metavar="ID", help="Claim id, such as c14.")],
    claims: ClaimsDir = None,
    as_json: AsJson = False,
) -> None:
    """Show one claim and how it is decided."""
    from repro.report.lines import described

    claim = _find(claim_id, _load(claims))
    if as_json:
        typer.echo(_json(claim.model_dump(mode="json")))
        return
    typer.echo("\n".join(described(claim)))


@app.command()
def run(
    profile: Annotated[
        str, typer.Option(metavar="NAME", help="smoke, laptop or paper.")
    ] = "laptop",
) -> None:
    """Bring evidence, verdicts and report up to date."""
    from repro import pipeline

    here = Path.cwd()
    root = here if (here / "dvc.yaml").is_file() else _checkout()
    finished = pipeline.run(profile, root, typer.echo)
    if finished.exit_code > 1:
        typer.echo("interrupted: finished stages are kept, `repro run` goes on", err=True)
    if finished.exit_code:
        raise typer.Exit(finished.exit_code)
    if finished.was_up_to_date:
        typer.echo("nothing to do: everything is up to date")
    typer.echo(f"report: {finished.report}")
    if finished.pages.is_dir():
        typer.echo(f"with a page for each unit: {finished.pages}")


@app.command()
def lock(
    why: Annotated[str, typer.Option(metavar="TEXT", help="The reason for what has changed.")] = "",
    claims: ClaimsDir = None,
    lock: LockFile = None,
    verdicts: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Verdicts already seen; default all under reports/."),
    ] = None,
    unseen: Annotated[bool, typer.Option("--unseen", help="Nothing has ever been judged.")] = False,
) -> None:
    """Record what has changed in the claims, with the reason.

    Exits with 0 where it was recorded or there was nothing to record.
    """
    from repro.judge import lock as locks

    folder = _claims_dir(claims)
    path = lock or locks.lock_beside(folder)
    seen = verdicts if verdicts is not None else locks.judged_beside(folder)
    today = datetime.datetime.now(datetime.UTC).date()
    recorded = locks.amend(path, folder, why, today, seen, is_unseen=unseen)
    for claim, happened in recorded.items():
        typer.echo(f"{claim}  {happened}")
    typer.echo(f"recorded in {path}" if recorded else "nothing to record: all claims are as locked")


@app.command()
def verify(
    evidence: EvidenceDir,
    claims: ClaimsDir = None,
    lock: LockFile = None,
    profile: Annotated[
        str | None, typer.Option(metavar="NAME", help="Profile; default as the evidence says.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where verdicts.json goes.")
    ] = None,
    metrics: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where a flat summary for DVC goes.")
    ] = None,
    independent: Annotated[
        bool, typer.Option("--independent", help="Have a second judge confirm every number.")
    ] = False,
) -> None:
    """Judge the evidence.

    Exits with 0 once verdicts are there, whatever they say; with --independent, where a second
    judge that shares no code with the first says the same.
    """
    from repro.contract.verdict_file import write_verdicts
    from repro.judge import verify as judge
    from repro.judge.metrics import write_metrics
    from repro.report.lines import judged

    verdicts = judge.verify(evidence, _claims_dir(claims), profile, lock)
    if out is not None:
        write_verdicts(out, verdicts)
    if metrics is not None:
        write_metrics(metrics, verdicts)
    for line in judged(verdicts):
        typer.echo(line)
    if independent:
        from repro.second.agree import confirmed

        refused = judge.refused(evidence, _claims_dir(claims))
        typer.echo(confirmed(verdicts, evidence, _load(claims), refused))


@app.command()
def report(
    verdicts: VerdictsFile,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the report goes.")],
    evidence: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Tables for the figures.")
    ] = None,
    claims: ClaimsDir = None,
    proofs: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Calibration, mutants, multiverse; default ./reports."),
    ] = None,
    features: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Feature cards, for a page each; default none."),
    ] = None,
) -> None:
    """Write claims.md, claims.html and the figures."""
    from repro.report import write_report

    shown = proofs or Path("reports")
    write_report(verdicts, out, evidence, _claims_dir(claims), shown, features)
    typer.echo(f"report: {out}")


@app.command()
def gate(
    baseline: Annotated[Path, typer.Option(metavar="FILE", help="Verdicts that were accepted.")],
    verdicts: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Verdicts; none to judge the evidence.")
    ] = None,
    evidence: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Judge these tables again first.")
    ] = None,
    claims: ClaimsDir = None,
    lock: LockFile = None,
) -> None:
    """Compare verdicts with a baseline; with --evidence, only after judging again.

    Exits with 0 where all hold, 1 where a claim regressed, 2 where that cannot be judged.
    """
    from repro.contract.verdict_file import read_verdicts
    from repro.judge.again import judged_again
    from repro.judge.gate import gate as compare

    if evidence is not None:
        current = judged_again(evidence, _claims_dir(claims), lock, verdicts)
    elif verdicts is not None:
        current = read_verdicts(verdicts)
    else:
        raise typer.BadParameter("give --verdicts FILE, --evidence DIR, or both")
    compared = compare(read_verdicts(baseline), current)
    typer.echo(compared.markdown(), nl=False)
    raise typer.Exit(compared.exit_code)


@app.command("steer")
def steer_by(
    feature: steer.Feature,
    prompt: steer.Prompt,
    strength: steer.Strength = 0.5,
    dictionary: steer.DictionaryFile = steer.FIRST,
    artifacts: steer.Artifacts = Path("artifacts"),
    tokens: steer.Tokens = 40,
    seed: steer.Seed = 0,
) -> None:
    """Write on from a prompt with one feature amplified, beside the untouched model."""
    failed = steer.handed_on(
        feature,
        prompt=prompt,
        strength=strength,
        dictionary=dictionary,
        artifacts=artifacts,
        tokens=tokens,
        seed=seed,
    )
    if failed:
        raise typer.Exit(failed)


@app.command()
def rate(  # noqa: PLR0913  # one for each option
    *,
    cards: Annotated[Path, typer.Option(metavar="DIR", help="Feature cards.")],
    ratings: Annotated[list[Path], typer.Option(metavar="FILE", help="Where answers are kept.")],
    rater: Annotated[str, typer.Option(metavar="NAME", help="Who rates; any pseudonym.")] = "",
    seed: Annotated[int, typer.Option(metavar="N", help="Seed of the order.")] = 0,
    port: Annotated[int, typer.Option(metavar="N", help="Port; 0 for any that is free.")] = 8377,
    per_method: Annotated[
        int, typer.Option(metavar="N", min=1, help="Features of each method.")
    ] = 20,
    browser: Annotated[bool, typer.Option(help="Open the page in a browser.")] = True,
    export: Annotated[
        bool, typer.Option("--export", help="Write the table of all FILEs instead.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="With --export: where the table goes.")
    ] = None,
) -> None:
    """Rate features blind, in a browser, or write what was rated as evidence."""
    from repro.rate.errors import demand_packages

    demand_packages()
    if export:
        _export(cards, ratings, out)
        return
    if len(ratings) > 1:
        raise typer.BadParameter("one FILE is rated into; several are for --export")
    from repro.rate.cards import load_cards
    from repro.rate.server import serve
    from repro.rate.session import begin

    session = begin(load_cards(cards), ratings[0], rater, seed, per_method)
    serve(session, port, browser, typer.echo)


def _export(cards: Path, ratings: list[Path], out: Path | None) -> None:
    from repro.rate.cards import load_cards
    from repro.rate.export import export

    if out is None:
        raise typer.BadParameter("--export needs --out DIR")
    for name, n in export(load_cards(cards), ratings, out).items():
        typer.echo(f"{n:6}  {name.replace('_', ' ')}")
    typer.echo(f"evidence: {out / 'ratings.parquet'}")


def _list_ambiguities(*, as_json: bool) -> None:
    from repro.contract.ambiguities import AMBIGUITIES

    if as_json:
        typer.echo(_json([one.model_dump(mode="json") for one in AMBIGUITIES]))
        return
    typer.echo("\n\n".join(one.told() for one in AMBIGUITIES))


def _checkout() -> Path:
    return Path(__file__).resolve().parent.parent


def _claims_dir(given: Path | None) -> Path:
    if given is not None:
        return given
    here = Path("claims")
    return here if here.is_dir() else _checkout() / "claims"


def _load(given: Path | None) -> "list[Claim]":
    from repro.spec import load_claims

    return load_claims(_claims_dir(given))


def _find(claim_id: str, claims: "list[Claim]") -> "Claim":
    from repro.errors import SpecError

    for claim in claims:
        if claim.id == claim_id:
            return claim
    raise SpecError(
        f"there is no claim {claim_id!r}",
        expected=f"one of {', '.join(claim.id for claim in claims)}",
        mend="repro list",
    )


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False)


if __name__ == "__main__":
    app()
