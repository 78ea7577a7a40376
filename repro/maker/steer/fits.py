"""Whether a text and what is written after it fit into what a language model can read."""

from repro.errors import ParamsError
from repro.maker.activations.lm import LanguageModel


def check_fits(lm: LanguageModel, n_prompt: int, n_written: int, key: str) -> None:
    """See that a prompt and its continuation are no longer than the model can read.

    Raises:
        ParamsError: they are longer.
    """
    longest = getattr(lm.bridge.original_model.config, "max_position_embeddings", None)
    if longest is not None and n_prompt + n_written > longest:
        raise ParamsError(
            f"{key}: {n_prompt} tokens and {n_written} to write are more than {lm.name} can read",
            expected=f"at most {longest} together",
            mend=f"a shorter text in {key}, or fewer tokens to write",
        )
