"""What the browser gets, and who gets nothing: other hosts, other origins, other pages."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from repro.rate.cards import load_cards
from repro.rate.errors import RatingError
from repro.rate.server import PAGE, app_of, listening
from repro.rate.session import Session, begin
from tests.rate import planted_cards
from tests.rate.planted_cards import ALPHA, EFFECT, METHODS, UNIT
from tests.rate.raters import submission

PORT = 8377
HOME = f"http://127.0.0.1:{PORT}"
POST = {"origin": HOME, "content-type": "application/json"}
SECRETS = (
    *METHODS,
    *("planted", "middle", "early", "resid_post", "blocks", "secret", "secretly", "correlation"),
    *(
        str(UNIT),
        str(UNIT + 1),
        str(ALPHA),
        str(EFFECT),
        "c05",
        "rules",
        "scores",
        "card",
        "known:0",
    ),
    *("91.317", "13.77"),
)
"""What must never reach a browser while somebody rates: whole words and numbers of the cards."""
KEYS = ("method", "unit", "alpha", "seed", "top", "scrambled", "catch", "known", "card")
"""What no answer about items is called by; the script itself needs some of these words."""


def search(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.])({'|'.join(map(re.escape, words))})(?![\w.])", re.I)


@pytest.fixture
def anna(sits_down) -> Session:
    return sits_down()


@pytest.fixture
def client(anna: Session) -> Iterator[TestClient]:
    with TestClient(app_of(anna, PORT), base_url=HOME) as client:
        yield client


def posted(client: TestClient, path: str, body: object, **headers: str) -> Response:
    return client.post(path, json=body, headers={**POST, **headers})


def answer_to(state: dict[str, Any], rating: int = 2) -> dict[str, Any]:
    """What the page sends of the item that is shown."""
    name = state["item"]["id"]
    return {"submission": state["submission"], "item": name, "rating": rating, "name": ""}


def whole_session(client: TestClient) -> Iterator[Response]:
    """Every answer of the server from the first page to the last item, with an undo each time."""
    for path in ("/", "/page.css", "/page.js", "/nowhere"):
        yield client.get(path)
    yield (got := client.get("/state"))
    while (state := got.json())["phase"] != "done":
        yield (got := posted(client, "/rate", answer_to(state)))
        yield (got := posted(client, "/undo", {
            "submission": submission(), "undoes": got.json()["undoes"],
        }))  # fmt: skip
        yield (got := posted(client, "/rate", answer_to(got.json(), rating=3)))
    yield posted(client, "/rate", {"rating": 2})


def told(response: Response) -> str:
    """All that a response says: its head and its body."""
    return f"{dict(response.headers)} {response.text}"


def test_a_whole_session_says_nothing_of_what_made_the_features(client, anna):
    responses = list(whole_session(client))
    assert len(responses) > 3 * len(anna.deck.pages)
    for response in responses:
        is_json = "json" in response.headers["content-type"]
        pattern = search(SECRETS + KEYS if is_json else SECRETS)
        assert pattern.findall(told(response)) == [], response.url


def test_the_search_for_secrets_would_find_one():
    pattern = search(SECRETS + KEYS)
    for leak in ('{"method":"sae"}', f"unit {UNIT}", f"[{ALPHA}]", "card:sae-1", "Random"):
        assert pattern.search(leak), leak


def test_an_item_holds_a_name_texts_and_levels_and_no_key_more(client):
    got = client.get("/state").json()
    assert got.keys() == {"phase", "done", "total", "item", "undoes", "submission"}
    assert got["item"].keys() == {"id", "strongest", "others"}
    assert re.fullmatch("[0-9a-f]{20}", got["item"]["id"])
    for fragment in got["item"]["strongest"] + got["item"]["others"]:
        assert all(type(text) is str and type(level) is int for text, level in fragment)
        assert all(0 <= level <= 9 for _, level in fragment)


def test_names_of_items_in_their_order_tell_nothing_of_stored_order(client, anna, cards):
    stored = {f"card:{one.id}": i for i, one in enumerate(cards.cards)}
    shown = [stored[item.key] for item in anna.ids.values() if item.key in stored]
    by_name = [
        stored[anna.ids[name].key] for name in sorted(anna.ids) if anna.ids[name].key in stored
    ]
    assert sorted(shown) == sorted(by_name) == list(range(len(stored)))
    for order in (shown, by_name):
        assert order not in (sorted(order), sorted(order, reverse=True))


@pytest.mark.parametrize("path", ["/", "/page.js", "/state", "/nowhere"])
@pytest.mark.parametrize(
    "host", ["evil.example", f"evil.example:{PORT}", "127.0.0.1", "127.0.0.1:80", "localhost:1", ""]
)
def test_a_foreign_host_gets_nothing(client, path: str, host: str):
    response = client.get(path, headers={"host": host})
    assert (response.status_code, response.json()) == (403, {"error": "unknown host"})


@pytest.mark.parametrize("host", [f"127.0.0.1:{PORT}", f"localhost:{PORT}", f"LOCALHOST:{PORT}"])
def test_this_machine_is_answered_by_either_name(client, host: str):
    assert client.get("/state", headers={"host": host}).status_code == 200


FOREIGN = [
    "http://evil.example",
    "null",
    f"https://127.0.0.1:{PORT}",
    "http://127.0.0.1:1",
    HOME + "/",
]


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_foreign_origin_changes_nothing_and_reads_nothing(client, anna, origin: str):
    body = answer_to(anna.state())
    for response in (
        client.get("/state", headers={"origin": origin}),
        posted(client, "/rate", body, origin=origin),
        client.options(
            "/rate", headers={"origin": origin, "access-control-request-method": "POST"}
        ),
    ):
        assert response.status_code == 403
        assert response.json() == {"error": "foreign origin"}
    assert anna.state()["done"] == 0


def test_a_post_must_name_its_origin_and_be_json_as_no_form_can(client, anna):
    body = answer_to(anna.state())
    no_origin = client.post("/rate", json=body)
    assert (no_origin.status_code, no_origin.json()) == (403, {"error": "no origin"})
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        response = posted(client, "/rate", body, **{"content-type": kind})
        assert response.status_code == 415, kind
    assert anna.state()["done"] == 0
    assert posted(client, "/rate", body).status_code == 200
    assert anna.state()["done"] == 1


def test_no_answer_opens_the_page_to_others_or_runs_foreign_script(client):
    for response in whole_session(client):
        head = response.headers
        assert not [name for name in head if name.startswith("access-control")]
        assert head["x-content-type-options"] == "nosniff"
        assert head["cache-control"] == "no-store"
        assert head["referrer-policy"] == "no-referrer"
        policy = dict(
            part.strip().split(" ", 1) for part in head["content-security-policy"].split(";")
        )
        assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
        assert "unsafe" not in head["content-security-policy"]
        assert "server" not in head


def test_the_page_has_no_script_or_style_of_its_own_and_asks_for_nothing_elsewhere():
    page, script = ((PAGE / name).read_text("utf8") for name in ("index.html", "page.js"))
    assert re.findall(r"<script[^>]*>(.*?)</script>", page, re.S) == [""]
    assert not re.search(r"<style|\sstyle=|\son\w+=|https?:", page)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval|https?:", script)


@pytest.mark.parametrize(
    "changed",
    [
        {"rating": 5}, {"rating": -1}, {"rating": "3"}, {"rating": 2.5}, {"rating": None},
        {"rating": True}, {"submission": "x"}, {"submission": "A" * 32}, {"item": ""},
        {"item": "0" * 19}, {"name": "x" * 201}, {"name": 3}, {"more": 1}, {"rater": "ben"},
    ],
)  # fmt: skip
def test_what_is_no_answer_is_refused(client, anna, changed: dict[str, Any]):
    response = posted(client, "/rate", {**answer_to(anna.state()), **changed})
    assert (response.status_code, response.json()) == (422, {"error": "not an answer"})
    assert anna.state()["done"] == 0


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b"null", b'{"rating": NaN}'])
def test_what_is_no_json_is_refused(client, anna, content: bytes):
    response = client.post("/rate", content=content, headers=POST)
    assert response.status_code in (400, 422)
    assert anna.state()["done"] == 0


def test_half_a_character_in_a_name_is_refused_and_the_next_answer_is_taken(client, anna):
    body = answer_to(anna.state())
    text = json.dumps({**body, "name": "\ud800"})
    assert client.post("/rate", content=text, headers=POST).status_code == 422
    assert posted(client, "/rate", {**body, "name": "a\x00 <b>\u202e"}).status_code == 200


def test_an_item_that_is_not_in_the_deck_is_refused(client, anna):
    response = posted(client, "/rate", {**answer_to(anna.state()), "item": "0" * 20})
    assert (response.status_code, response.json()) == (409, {"error": "no such item"})


def test_a_file_that_is_damaged_meanwhile_is_told_and_no_answer_is_lost(client, anna):
    body = answer_to(anna.state())
    good = anna.store.path.read_bytes()
    anna.store.path.write_bytes(good + b"rubbish\n")
    response = posted(client, "/rate", body)
    assert response.status_code == 409
    assert "line 3 is no record" in response.json()["error"]
    anna.store.path.write_bytes(good)
    assert posted(client, "/rate", body).json()["done"] == 1


def test_text_of_the_web_is_sent_as_it_is_and_kept_out_of_markup(sits_down, tmp_path):
    odd = planted_cards.excerpt(1, "top", 0, 1.0).model_copy(
        update={"tokens": ["</script><script>", "\x00", "\u202e"], "activations": [1.0, 0.0, 1.0]}
    )
    others = planted_cards.cards(1)
    folder = planted_cards.write(tmp_path, planted_cards.card("sae", 7, excerpts=[odd]), *others)
    session = begin(load_cards(folder), tmp_path / "r.jsonl", "anna", 0, 20)
    texts = {p.text for item in session.ids.values() for f in item.strongest for p in f}
    assert {"</script><script>", "⟨0000⟩", "⟨202E⟩"} <= texts


def test_the_server_listens_on_this_machine_alone_and_a_taken_port_is_told():
    with listening(0) as bound:
        host, port = bound.getsockname()
        assert host == "127.0.0.1"
        with pytest.raises(RatingError, match=f"port {port} is taken") as caught:
            listening(port)
        assert "--port 0" in caught.value.mend
    for port in (-1, 70_000):
        with pytest.raises(RatingError, match="cannot be had"):
            listening(port)
