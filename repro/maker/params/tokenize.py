"""The section `tokenize`: how documents become sequences of token ids."""

from typing import Annotated

from pydantic import Field

from repro.maker.params.section import Count, Section


class Tokenize(Section):
    """How documents become sequences of token ids."""

    sequence_length: Annotated[int, Field(ge=8)]
    """Tokens a sequence, the beginning-of-sequence token included."""
    bos: bool
    """Whether each sequence starts with the beginning-of-sequence token."""
    train_tokens: Count
    """Tokens to train on."""
    validation_tokens: Count
    """Tokens of other documents, on which settings are chosen; they neither train nor judge."""
    heldout_tokens: Count
    """Tokens of yet other documents, for every measurement that a verdict rests on."""
    max_document_tokens: Count
    """Longest part of a validation or held-out document that is used, so that none dominates."""
    max_train_document_tokens: Count
    """Longest part of a training document that is used."""
    balance_sources: bool
    """Whether each split takes equal shares of tokens from the text's sources while they last."""
    seed: int
    """Seed of the split by document."""
