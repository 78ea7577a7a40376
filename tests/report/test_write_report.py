"""The written report: complete, self-contained, escaped, and the same bytes every time."""

import json
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from repro.contract.verdict import Status
from repro.contract.verdict_file import read_verdicts, write_verdicts
from repro.errors import EvidenceError, VerdictError
from repro.report import write_report
from repro.report.view import page
from repro.spec import load_claims
from tests.import_graph import ROOT
from tests.report.verdicts import CLAIMS, OUTCOMES, plausible_verdicts, write_plausible_verdicts

pytestmark = pytest.mark.slow

BLOCKED = """
import sys
from importlib.abc import MetaPathFinder

class Blocker(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.split(".")[0] in ("torch", "pandas", "transformers", "dvc"):
            raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, Blocker())
from repro.cli import app
app(["report", *sys.argv[1:]])
"""


class Page(HTMLParser):
    """Ids, references and tags of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.references: list[str] = []
        self.tags: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in ("href", "xlink:href", "src"):
                self.references.append(value or "")
            self.references += [f"#{m}" for m in re.findall(r"url\(#([^)]+)\)", value or "")]


@pytest.fixture(scope="module")
def html(report: Path) -> str:
    return (report / "claims.html").read_text(encoding="utf8")


@pytest.fixture(scope="module")
def markdown(report: Path) -> str:
    return (report / "claims.md").read_text(encoding="utf8")


def card_of(html: str, claim: str) -> str:
    """The card of one claim, from its anchor to the end of its article."""
    return html[html.index(f'id="{claim}"') :].split("</article>")[0]


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_two_processes_without_torch_or_pandas_write_the_same_bytes(
    verdicts: Path, evidence: Path, report: Path, tmp_path: Path
) -> None:
    runs = []
    for seed in ("1", "2"):
        arguments = ["--verdicts", verdicts, "--evidence", evidence, "--out", tmp_path / seed]
        arguments += ["--claims", CLAIMS, "--proofs", tmp_path / "none"]
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", BLOCKED, *map(str, arguments)]
        runs.append(subprocess.Popen(command, env=environment, cwd=ROOT))
    assert [run.wait(60) for run in runs] == [0, 0]
    assert contents(tmp_path / "1") == contents(tmp_path / "2") == contents(report)


def test_the_page_is_one_small_file_that_refers_to_nothing_outside(html: str) -> None:
    page = Page(html)
    assert all(ref.startswith("#") or ref == "data:," for ref in page.references)
    without_names = re.sub(r'xmlns(:xlink)?="[^"]+"', "", html)
    assert not re.findall(r"https?://|@import|src=", without_names)
    assert page.tags.count("script") == 1, "ours, which sorts and narrows the table"
    assert len(html.encode()) < 2_000_000


def test_every_id_is_unique_and_every_reference_within_the_page_resolves(html: str) -> None:
    page = Page(html)
    assert len(page.ids) == len(set(page.ids))
    local = {ref.removeprefix("#") for ref in page.references if ref.startswith("#")}
    assert local <= set(page.ids)


def test_every_claim_has_a_row_and_a_card_and_the_table_comes_first(html: str) -> None:
    ids = [claim.id for claim in load_claims(CLAIMS)]
    for claim in ids:
        assert html.count(f'<td><a href="#{claim}"') == 1
        assert html.count(f'id="{claim}"') == 1
    assert (
        html.index('class="overview"')
        < html.index("</table>")
        < min(html.index(f'id="{claim}"') for claim in ids)
    )


@pytest.mark.parametrize(("claim", "status"), OUTCOMES.items())
def test_a_status_is_told_in_words_in_the_card(html: str, claim: str, status: Status) -> None:
    assert re.search(rf'class="chip {status}">. {status}<', card_of(html, claim))


def test_numbers_stand_with_interval_threshold_clusters_and_p_value(html: str) -> None:
    row = html[html.index('<td><a href="#c15"') :].split("</tr>")[0]
    for shown in ("0.123 [0.110, 0.136]", "3 seeds, 25 documents, 525 rows", "p 0.079"):
        assert shown in row
    assert '<td class="number" data-label="threshold">0.02</td>' in row


def test_a_card_says_where_how_and_by_what_it_would_be_refuted(html: str) -> None:
    claim = next(claim for claim in load_claims(CLAIMS) if claim.id == "c14")
    card = card_of(html, "c14")
    assert "Said by the paper: Appendix B, figure 6." in card
    assert claim.refuted_by.split("'")[0] in card
    assert claim.deviation.split("'")[0] in card
    assert "dvc repro fidelity" in card
    assert "turned to refuted, caught" in card
    assert "turned to supported, not caught" in card
    assert card.count('class="strip"') == 2
    assert "threshold 0.05" in card


def test_what_people_rated_is_made_again_by_an_export_and_not_by_a_stage(verdicts: Path) -> None:
    view = page(read_verdicts(verdicts), load_claims(CLAIMS), evidence="DIR")
    [card] = [one for one in view.cards if one.verdict.id == "c05"]
    assert view.commands(card) == [
        "repro rate --export --cards DIR --ratings FILE --out DIR",
        "repro verify --evidence DIR",
    ]


def test_markup_in_verdicts_is_shown_and_never_run(html: str, markdown: str) -> None:
    ours = (ROOT / "repro" / "report" / "choose.js").read_text(encoding="utf8").strip()
    assert [one.strip() for one in re.findall(r"<script>(.*?)</script>", html, re.DOTALL)] == [ours]
    card = card_of(html, "c18")
    assert "&lt;script&gt;" in card
    assert "{{ braces }}" in card
    assert "\\<script\\>" in markdown
    assert "\\| \\*stars\\*" in markdown


def test_a_traceback_is_folded(html: str) -> None:
    assert "<summary>Traceback</summary><pre>Traceback: " in card_of(html, "c18")


def test_an_absent_claim_names_the_stage_it_waits_for(html: str) -> None:
    row = html[html.index('<td><a href="#k05"') :].split("</tr>")[0]
    assert "decided once the stage objectives is built" in row
    assert "How it will be decided" in card_of(html, "k05")


def test_figures_stand_in_the_card_of_their_claim_and_in_files(html: str, report: Path) -> None:
    figures = {path.stem for path in (report / "figures").glob("*.svg")}
    assert {"forest", "c14_planted_knee", "c15_early", "c16_planted_width", "k04_middle"} <= figures
    for name in figures - {"forest", "frontier"}:
        assert f'id="{name}-figure_1"' in card_of(html, name.split("_")[0])


def test_the_page_shows_how_good_the_dictionaries_are_beside_the_fields_own(
    html: str, report: Path
) -> None:
    section = html[html.index('<h2 id="quality">') :].split("</section>")[0]
    assert 'id="frontier-figure_1"' in section
    assert (report / "figures" / "frontier.svg").exists()


def test_markdown_links_every_figure_that_is_written(markdown: str, report: Path) -> None:
    linked = set(re.findall(r"\]\((figures/[^)]+)\)", markdown))
    assert linked == {f"figures/{path.name}" for path in (report / "figures").iterdir()}


def test_another_model_neither_confirms_nor_refutes(html: str) -> None:
    assert "neither confirms nor refutes" in html


def test_the_papers_own_setting_is_said_to_be_so(tmp_path: Path) -> None:
    found = plausible_verdicts(None)
    scope = found.scope.model_copy(update={"is_paper_setting": True})
    own = found.model_copy(update={"scope": scope})
    write_verdicts(tmp_path / "verdicts.json", own)
    write_report(tmp_path / "verdicts.json", tmp_path / "out", claims=CLAIMS)
    text = (tmp_path / "out" / "claims.html").read_text(encoding="utf8")
    assert "neither confirms nor refutes" not in text
    assert "This is the paper&#39;s own setting." in text


def test_without_tables_the_page_says_that_it_has_no_figures(tmp_path: Path) -> None:
    target = write_plausible_verdicts(tmp_path / "verdicts.json", None)
    files = write_report(target, tmp_path / "out", claims=CLAIMS)
    assert [path.stem for path in files if path.suffix == ".svg"] == ["forest"]
    assert "No figures: the tables" in (tmp_path / "out" / "claims.html").read_text(encoding="utf8")


def test_a_claim_amended_since_its_verdict_is_marked(tmp_path: Path) -> None:
    found = plausible_verdicts(None)
    changed = [
        one.model_copy(update={"spec_sha256": "0" * 64}) if one.id == "c14" else one
        for one in found.verdicts
    ]
    write_verdicts(tmp_path / "v.json", found.model_copy(update={"verdicts": changed}))
    write_report(tmp_path / "v.json", tmp_path / "out", claims=CLAIMS)
    text = (tmp_path / "out" / "claims.html").read_text(encoding="utf8")
    assert text.count("amended since the verdict") == 1
    assert "amended since the verdict" in card_of(text, "c14")


@pytest.fixture
def own_copy(evidence: Path, verdicts: Path, tmp_path: Path) -> Path:
    """The evidence and verdicts in a folder that a test may spoil."""
    shutil.copytree(evidence, tmp_path / "evidence")
    shutil.copy(verdicts, tmp_path / "verdicts.json")
    return tmp_path


def test_a_table_made_anew_since_the_verdict_is_refused(own_copy: Path) -> None:
    header = own_copy / "evidence" / "refit.json"
    shutil.copy(own_copy / "evidence" / "agreement.parquet", header.with_suffix(".parquet"))
    fields = json.loads(header.read_text(encoding="utf8"))
    agreement = json.loads((own_copy / "evidence" / "agreement.json").read_text(encoding="utf8"))
    header.write_text(json.dumps({**fields, "sha256": agreement["sha256"]}), encoding="utf8")
    with pytest.raises(EvidenceError):
        write_report(own_copy / "verdicts.json", own_copy / "out", claims=CLAIMS)


def test_a_readable_table_with_another_hash_is_named(own_copy: Path) -> None:
    found = read_verdicts(own_copy / "verdicts.json")
    changed = [
        one.model_copy(
            update={"evidence": [r.model_copy(update={"sha256": "f" * 64}) for r in one.evidence]}
        )
        for one in found.verdicts
    ]
    write_verdicts(own_copy / "verdicts.json", found.model_copy(update={"verdicts": changed}))
    with pytest.raises(EvidenceError, match="is not the one that was judged"):
        write_report(own_copy / "verdicts.json", own_copy / "out", claims=CLAIMS)
    assert not (own_copy / "out").exists()


def test_a_judged_table_that_is_gone_is_an_error(own_copy: Path) -> None:
    (own_copy / "evidence" / "fidelity.parquet").unlink()
    with pytest.raises(EvidenceError, match="is missing"):
        write_report(own_copy / "verdicts.json", own_copy / "out", claims=CLAIMS)


def test_a_bad_table_that_no_verdict_rests_on_is_a_note(own_copy: Path) -> None:
    found = read_verdicts(own_copy / "verdicts.json")
    bare = [one.model_copy(update={"evidence": []}) for one in found.verdicts]
    write_verdicts(own_copy / "verdicts.json", found.model_copy(update={"verdicts": bare}))
    (own_copy / "evidence" / "refit.parquet").write_bytes(b"PAR1")
    write_report(own_copy / "verdicts.json", own_copy / "out", claims=CLAIMS)
    text = (own_copy / "out" / "claims.html").read_text(encoding="utf8")
    assert "No figures from the table refit: refit.parquet is not the file" in text
    assert str(own_copy) not in text


def test_commands_name_the_usual_folders_and_no_path_of_this_machine(
    evidence: Path, verdicts: Path, html: str, tmp_path: Path
) -> None:
    usual = tmp_path / "reports" / "laptop"
    shutil.copytree(evidence, usual / "evidence")
    shutil.copy(verdicts, usual / "verdicts.json")
    write_report(usual / "verdicts.json", usual, claims=CLAIMS)
    text = (usual / "claims.html").read_text(encoding="utf8")
    assert "repro verify --evidence reports/laptop/evidence" in text
    assert str(tmp_path) not in text
    assert text.replace("reports/laptop/evidence", "DIR") == html


def test_a_figure_of_an_earlier_report_does_not_stay(tmp_path: Path) -> None:
    old = tmp_path / "out" / "figures" / "c99_middle.svg"
    old.parent.mkdir(parents=True)
    old.write_text("<svg/>", encoding="utf8")
    target = write_plausible_verdicts(tmp_path / "verdicts.json", None)
    write_report(target, tmp_path / "out", claims=CLAIMS)
    assert [path.name for path in old.parent.iterdir()] == ["forest.svg"]


def test_missing_verdicts_are_a_message(tmp_path: Path) -> None:
    with pytest.raises(VerdictError, match="is missing"):
        write_report(tmp_path / "none.json", tmp_path / "out", claims=CLAIMS)


def test_the_stage_tells_a_mistake_without_a_traceback(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "repro.cli", "report", "--verdicts", str(tmp_path / "none")]
    ran = subprocess.run(
        [*command, "--out", str(tmp_path)], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert ran.returncode == 2
    assert ran.stderr.startswith("error: ")
    assert "Traceback" not in ran.stderr


def test_what_other_scorers_say_is_told_and_those_without_evidence_are_named(html, markdown):
    embedding, *others = (one.called for one in load_claims(CLAIMS)[0].scored[1:])
    card = card_of(html, "c01")
    assert "Under other scorers" in card
    told, not_run = card.index("invalid</span> " + embedding), card.index("Not run: " + others[0])
    assert not_run < told
    assert "Under other scorers" not in card_of(html, "c14")
    assert f"- Under another scorer, {embedding}: invalid, 0.2" in markdown
    assert f"- Scorers that were not run: {'; '.join(others)}" in markdown
