"""The report leads to the pages where they are asked for, and is as ever where they are not."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Literal

import pytest

from repro.contract.cards import CARDS, read_cards
from repro.errors import EvidenceError
from repro.report import write_report
from repro.report.features import with_claims
from repro.spec import Where, load_claims
from repro.spec.decisions import parts_of
from tests.import_graph import ROOT
from tests.report.features.parsed import parsed
from tests.report.features.plausible_cards import plausible_card
from tests.report.verdicts import CLAIMS, write_plausible_verdicts

pytestmark = pytest.mark.slow
HTML_LINE = (
    '<p><a href="features/index.html">Units one by one</a>: 120 of them, with the text they react '
    "to.</p>"
)
LED = re.compile(r'(<p class="soft"><a|- \[Units it rests on\]\().*features/index\.html#claim=.*\n')
"""What leads from a claim to its units."""
MARKDOWN_LINE = "- [Units one by one](features/index.html): 120"


@pytest.mark.parametrize(
    ("name", "line"), [("claims.html", HTML_LINE), ("claims.md", MARKDOWN_LINE)]
)
def test_lines_that_lead_there_are_all_that_the_pages_add_to_the_report(
    site: Path, report: Path, name: str, line: str
) -> None:
    with_pages, without = (
        [part for part in LED.sub("", (one / name).read_text("utf8")).splitlines() if part]
        for one in (site, report)
    )
    assert with_pages.count(line) == 1
    with_pages.remove(line)
    assert with_pages == without
    assert not (report / "features").exists()


def test_the_link_leads_there(site: Path) -> None:
    links = [one for one in parsed(site / "claims.html").references if "features" in one]
    assert links[0] == "features/index.html"
    assert all((site / one.partition("#")[0]).is_file() for one in links)


def test_a_claim_leads_to_its_units_and_they_lead_back(site: Path, report: Path) -> None:
    html = (site / "claims.html").read_text(encoding="utf8")
    card = html[html.index('id="c01"') :].split("</article>")[0]
    assert '<a href="features/index.html#claim=c01">Units it rests on</a>' in card
    cards = {one.id: one for one in read_cards(site.parent / "given")}
    led = re.findall(r'href="features/([^"]+)\.html">', card)
    assert len(led) == 5
    for id_ in led:
        assert "../claims.html#c01" in parsed(site / "features" / f"{id_}.html").references
        assert (cards[id_].site, cards[id_].method) in {
            (at, one)
            for at in ("early", "middle")
            for one in ("sae", "ica", "pca", "neurons_signed", "random_signed")
        }
    assert "Units it rests on" not in html[html.index('id="c14"') :].split("</article>")[0]
    assert "Units it rests on" not in (report / "claims.html").read_text(encoding="utf8")


def test_a_unit_enters_the_claims_that_compare_its_dictionary_and_were_made_for_it() -> None:
    claims = load_claims(CLAIMS)

    def entered(**changes: Any) -> set[str]:
        card = plausible_card(0, n_tokens=8).model_copy(update={"claims": [], **changes})
        return {*with_claims([card], claims)[0].claims}

    drawn = {"site": "middle", "method": "sae", "alpha": 2.0e-3}
    assert entered(**drawn, chosen=["interpret"]) == {"c01", "c02", "c03", "c04", "k02"}
    listed = entered(**drawn, chosen=["ioi"])
    assert {"c06", "c07", "k02", "k03"} <= listed
    assert not {"c01", "c02", "c03", "c04"} & listed
    assert entered(**drawn, chosen=["interpret", "ioi"]) == listed | {"c01", "c02", "c03", "c04"}
    assert "c06" not in entered(**drawn | {"alpha": 0.0}, chosen=["ioi"])
    assert "c08" in entered(**drawn | {"alpha": 0.0}, chosen=["ioi"])
    assert entered(**drawn | {"method": "ica_topk"}, chosen=["interpret"]) == set()
    assert entered(site="late", method="pca", chosen=["interpret"]) == set()
    assert entered(site="early", method="pca", chosen=["interpret"]) == {"c01", "c02"}


def test_a_rule_on_the_smallest_or_largest_is_about_the_units_of_that_alone() -> None:
    (claim,) = [one for one in load_claims(CLAIMS) if one.id == "c03"]
    check = parts_of(claim.check)[0]
    where = tuple(one for one in check.where if one.column != "alpha")
    cards = [
        plausible_card(unit, n_tokens=8).model_copy(
            update={"site": "middle", "method": "sae", "alpha": alpha, "chosen": ["interpret"]}
        )
        for unit, alpha in enumerate((1e-3, 2e-3, 4e-3))
    ]
    picks: tuple[tuple[Literal["min", "max"], int], ...] = (("min", 0), ("max", 2))
    for pick, unit in picks:
        least = check.model_copy(update={"where": (*where, Where(column="alpha", pick=pick))})
        asked = claim.model_copy(update={"check": least})
        entered = [card.id for card in with_claims(cards, [asked]) if card.claims]
        assert entered == [cards[unit].id]


def test_a_card_that_cannot_be_read_is_an_error_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / CARDS).write_text("{}\n", encoding="utf8")
    target = write_plausible_verdicts(tmp_path / "verdicts.json", None)
    with pytest.raises(EvidenceError, match=r"cards\.jsonl, line 1"):
        write_report(target, tmp_path / "out", claims=CLAIMS, features=tmp_path)
    assert not (tmp_path / "out" / "claims.html").exists()


def test_the_command_takes_the_folder_of_cards(site: Path, tmp_path: Path) -> None:
    verdicts = write_plausible_verdicts(tmp_path / "verdicts.json", None)
    command = [sys.executable, "-m", "repro.cli", "report", "--verdicts", verdicts]
    command += ["--out", tmp_path / "out", "--features", site.parent / "given"]
    ran = subprocess.run(
        [*map(str, command)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert len(list((tmp_path / "out" / "features").glob("*.html"))) == 121
