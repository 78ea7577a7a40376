"""A language model that knows a rule: what it explains, simulates and answers is exactly right."""

import re
from collections.abc import Callable

from tests.maker.interpret.llm.loopback import (
    Answer,
    Probabilities,
    Seen,
    chat_reply,
    echo_reply,
    texts_reply,
)

Rule = Callable[[str, str], int]
"""Level from 0 to 10 of a token under an explanation."""
_BACK = {"\\\\": "\\", "\\t": "\t", "\\n": "\n", "\\r": "\r", "<\\|": "<|"}


def token_of(line: str) -> str:
    """The token that a line shows; the inverse of how it is written, found on its own."""
    return re.sub(r"<\\\||\\.", lambda found: _BACK[found.group()], line)


class IdealModel:
    """Says a fixed explanation, and answers every question by the rule."""

    def __init__(self, explanation: str, rule: Rule, *, ten: bool = True) -> None:
        self.explanation, self.rule, self.ten = explanation, rule, ten

    def __call__(self, seen: Seen, _: int) -> Answer:
        """A server's answer."""
        if seen.path.endswith("/chat/completions"):
            return self._chat(seen)
        prompts: list[str] = seen.body["prompt"]
        if seen.body.get("echo"):
            return self._echo(prompts[0])
        return texts_reply([self._next(prompt) for prompt in prompts])

    def _chat(self, seen: Seen) -> Answer:
        system, asked = (seen.body["messages"][place]["content"] for place in (0, -1))
        if not seen.body.get("logprobs"):
            return chat_reply(f"\n  {self.explanation}\n" + "Because." * bool(self.explanation))
        if "intruder" in system:
            return self._intruder(asked)
        if "Text:" not in asked:
            return chat_reply("yes", {"yes": 0.9, "no": 0.1})
        explanation = re.search("responds to: (.*)\n", asked)
        text = asked.split("Text:", 1)[1].rpartition("\n")[0]
        shown = re.findall("<<(.*?)>>", text, re.S) if "marked" in system else [text]
        assert explanation
        right = all(self.rule(explanation[1], one) for one in shown)
        return chat_reply("?", {" Yes": 0.8, "no": 0.1} if right else {"No": 0.6, "yes": 0.3})

    def _intruder(self, asked: str) -> Answer:
        texts = re.findall(r"^Text \d:(.*?)(?=^Text \d:|^Which)", asked, re.S | re.M)
        marks = [re.findall("<<(.*?)>>", text, re.S) for text in texts]
        right = [all(self.rule(self.explanation, m) for m in found) for found in marks]
        number = right.index(False) + 1
        return chat_reply("?", {"The": 0.5, "1": 0.1, "2": 0.05} | {str(number): 0.3})

    def _next(self, prompt: str) -> Probabilities:
        """What follows a tab: `unknown` most likely, and the levels as the rule has them."""
        if "responds to: " not in prompt:
            return {"10" if self.ten else "1": 0.9, "0": 0.1}
        explanation = prompt.rsplit("responds to: ", 1)[1].split("\n", 1)[0]
        line = prompt.rsplit("\n", 1)[1].removesuffix("\t")
        level = self.rule(explanation, token_of(line))
        return {"unknown": 0.7, f" {level}": 0.2, "the": 0.1}

    def _echo(self, prompt: str) -> Answer:
        """Every tab is a token of its own; characters beyond ASCII fall into parts."""
        parts = re.findall(r"\t|\n|[^\t\n]+", prompt)
        tokens, tops, text = [], [], ""
        for part in parts:
            tops.append(self._next(text) if text.endswith("\t") else {part: 1.0})
            text += part
            pieces = ["�", "�"] if not part.isascii() else [part]
            tokens += pieces
            tops += [{"�": 1.0}] * (len(pieces) - 1)
        last = self._next(prompt) if prompt.endswith("\t") else {"\n": 1.0}
        return echo_reply([*tokens, next(iter(last))], [None, *tops[1:], last])
