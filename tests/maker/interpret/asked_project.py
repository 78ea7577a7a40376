"""A small project whose stage `interpret` asks a language model, and one that answers at once."""

import hashlib
from pathlib import Path
from typing import Any

from repro.maker.params.read import read_sections
from repro.maker.params.setting import Setting
from repro.maker.pipeline.stages import stage
from tests.maker.interpret.llm.loopback import Answer, Seen, chat_reply, texts_reply
from tests.tiny_project import content, contents, write_params

ASKED: dict[str, Any] = {
    "base_url": "http://127.0.0.1:9/v1",
    "model": "fake",
    "api_key_env": "",
    "prompt_logprobs": False,
    "top_logprobs": 20,
    "seed": 0,
    "concurrency": 4,
    "timeout_s": 60.0,
    "retries": 0,
    "backoff_s": 0.01,
    "mode": "record",
    "threads": 1,
    "max_features": 3,
    "scorers": ["simulation", "detection", "fuzzing", "intruder"],
    "planted": 3,
    "transcripts": "kept",
}


def values(**asked: Any) -> dict[str, Any]:
    """Params with few decompositions, two of them with two seeds."""
    found = content()
    found["interpret"] |= {
        "dictionaries": {"middle_r2": [2.0e-3, 1.0e-2]},
        "baselines": ["neurons_signed", "pca_topk"],
        "llm": {**ASKED, **asked},
        "cards": 6,
    }
    found["interpret"]["excerpts"] |= {"scored_top": 2, "scored_random": 2}
    return found


def measure(project: Path, out: str, changes: dict[str, Any] | None = None, **asked: Any) -> Path:
    """Run the stage; transcripts are kept in `<out>-kept` unless a folder is named."""
    chosen = {"transcripts": str(project / f"{out}-kept"), **asked}
    params = write_params(project, values(**chosen), **(changes or {}))
    # As the command reads them, so that the evidence tells what that would tell.
    sections = read_sections(params, {**stage("interpret").sections, "setting": Setting})
    folders = {name: project / "artifacts" / name for name in stage("interpret").inputs}
    stage("interpret").call(sections, folders, project / out)
    return project / out


def without_transcripts(folder: Path) -> dict[str, bytes]:
    """Every file that a run wrote, but what was asked."""
    found = contents(folder).items()
    return {name: one for name, one in found if not name.startswith("transcripts")}


def answer(seen: Seen, _: int) -> Answer:
    """An answer that depends on the question alone."""
    if seen.path.endswith("/completions") and "prompt" in seen.body:
        return texts_reply([level(prompt) for prompt in seen.body["prompt"]])
    asked = seen.body["messages"][-1]["content"]
    if not seen.body.get("logprobs"):
        return chat_reply(f"words like number {chance(asked):.3f}")
    share = 0.1 + 0.8 * chance(asked)
    place = str(1 + int(5 * chance(asked)))
    return chat_reply("?", {"yes": share * 0.5, "no": (1 - share) * 0.5, place: 0.5})


def level(prompt: str) -> dict[str, float]:
    """What follows a tab."""
    return {"unknown": 0.5, str(int(10 * chance(prompt))): 0.4}


def chance(text: str) -> float:
    """A number from 0 to 1 that is the same for the same text."""
    return hashlib.sha256(text.encode()).digest()[0] / 256
