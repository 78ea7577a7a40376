"""The one place that knows transformer-lens: activations at hook points, read and replaced."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from repro.errors import ParamsError, SourceError
from repro.maker.activations.weights import TRAINED, Redrawn, redraw
from repro.maker.hook_points import HookPoint, hook_point

_LOGITS_AT_ONCE = 2**24
_MEND = "edit activate.hook_points in params.yaml"
_TOLERANCE = {torch.float32: 1e-4, torch.bfloat16: 5e-2}


@dataclass
class LanguageModel:
    """A causal language model behind a TransformerBridge, its weights untouched.

    No layer norm is folded and nothing is centred: an activation is what the plain model computes,
    to the tolerance measured at load. `weights` says which those are, as a manifest does.
    """

    name: str
    bridge: Any
    dtype: torch.dtype
    device: torch.device
    weights: str = TRAINED
    max_logit_difference: float = 0.0
    _can_cut: bool = False

    @classmethod
    def load(
        cls,
        folder: Path,
        *,
        dtype: torch.dtype,
        device: torch.device,
        redrawn: Redrawn | None = None,
    ) -> Self:
        """Load a Hugging Face directory and hold the adapter against the plain model.

        Args:
            folder: the directory.
            dtype: arithmetic of the forward passes.
            device: where they run.
            redrawn: weights to draw anew; the trained ones stay where there is none.

        Raises:
            SourceError: the folder holds no causal language model, or the adapter's logits differ
                from the plain model's by more than rounding.
        """
        _stay_offline()
        from transformer_lens.model_bridge import TransformerBridge  # 3 s to import

        plain = _plain_model(folder, dtype, device, redrawn)
        ids = _fixed_ids(plain.config.vocab_size).to(device)
        with torch.inference_mode():
            reference = plain(ids, use_cache=False).logits.float()
        bridge = TransformerBridge.boot_transformers(
            str(folder), hf_model=plain, dtype=dtype, device=device
        )
        weights = redrawn.told if redrawn else TRAINED
        name = f"{folder.name}, {weights}" if redrawn else folder.name
        model = cls(name, bridge, dtype, device, weights)
        model._check(ids, reference)
        return model

    @property
    def n_layers(self) -> int:
        """Number of blocks."""
        return int(self.bridge.cfg.n_layers)

    @property
    def d_model(self) -> int:
        """Coordinates of a residual vector."""
        return int(self.bridge.cfg.d_model)

    def point(self, name: str) -> HookPoint:
        """The hook point of a name such as blocks.14.mlp.hook_post.

        Raises:
            ParamsError: the model has none of that name.
        """
        point = hook_point(name)
        if point.block >= self.n_layers:
            raise ParamsError(
                f"{name} does not exist: {self.name} has {self.n_layers} blocks",
                expected=f"blocks 0 to {self.n_layers - 1}",
                mend=_MEND,
            )
        if name not in self.bridge.hook_dict:
            raise ParamsError(
                f"{name} does not exist: transformer-lens knows no such activation of {self.name}",
                expected="a hook point that the architecture has",
                mend=_MEND,
            )
        return point

    @torch.inference_mode()
    def activations(self, ids: Tensor, names: Sequence[str]) -> dict[str, Tensor]:
        """Activations [batch, position, d_in] at each hook point, in one forward pass.

        Blocks above the highest of them are not run.

        Raises:
            ParamsError: there is no such hook point.
        """
        found: dict[str, Tensor] = {}
        stop = max(self.point(name).block for name in names) + 1
        hooks = [(name, partial(_keep, found, name)) for name in names]
        ids = self._on_device(ids)
        with self.bridge.hooks(fwd_hooks=hooks):
            if stop < self.n_layers:
                self.bridge(ids, stop_at_layer=stop)
            else:
                self._hidden(input_ids=ids)
        return found

    @torch.inference_mode()
    def losses(self, ids: Tensor) -> Tensor:
        """Cross-entropy of each next token [batch, position - 1], in nats. No reduction."""
        ids = self._on_device(ids)
        return self._losses_of(self._hidden(input_ids=ids), ids)

    @torch.inference_mode()
    def losses_from(self, x: Tensor, name: str, ids: Tensor) -> Tensor:
        """As `losses`, with the activations at a hook point replaced by `x`.

        Of the residual stream only the blocks above are run where the architecture allows it
        (measured at load); elsewhere all are run and a hook replaces it, with the same result.

        Raises:
            ParamsError: there is no such hook point.
        """
        ids = self._on_device(ids)
        return self._losses_of(self._hidden_from(x, name, ids), ids)

    @torch.inference_mode()
    def logits(self, ids: Tensor, at: Tensor) -> Tensor:
        """Logits [batch, vocabulary] after position `at` of each sequence, in float32.

        The model whole and untouched. Sequences may be padded on the right: attention is causal,
        so nothing before the padding sees it.
        """
        return self._logits_of(self._hidden(input_ids=self._on_device(ids)), at)

    def logits_from(self, x: Tensor, name: str, ids: Tensor, at: Tensor) -> Tensor:
        """As `logits`, with the activations at a hook point replaced by `x`.

        Gradients flow to `x` where it asks for them. What is run is told at `losses_from`.

        Raises:
            ParamsError: there is no such hook point.
        """
        return self._logits_of(self._hidden_from(x, name, self._on_device(ids)), at)

    @torch.inference_mode()
    def unembedding(self) -> Tensor:
        """What a vector of the residual stream adds to each logit, [vocabulary, d_model].

        W_U diag(g), with g the gain of the last norm: the direct effect of a direction, whose
        common scale, that of the norm, is left out.
        """
        head = self.bridge.original_model.get_output_embeddings().weight.float()
        gain = getattr(getattr(self.bridge, "ln_final", None), "weight", None)
        return head if gain is None else head * gain.float()

    @torch.inference_mode()
    def check_hook_points(self, names: Sequence[str]) -> None:
        """See on a few tokens that what a hook point says is what the model goes on with.

        Its own activations put back must leave every loss as it is, zeros in their place must not.

        Raises:
            ParamsError: there is no such hook point.
            SourceError: it is not on the way from the tokens to the logits.
        """
        ids = _fixed_ids(self.bridge.original_model.config.vocab_size)
        plain = self.losses(ids)
        for name, x in self.activations(ids, names).items():
            own = self.losses_from(x, name, ids)
            zero = self.losses_from(torch.zeros_like(x), name, ids)
            if not torch.equal(own, plain) or torch.equal(zero, plain):
                raise SourceError(
                    f"{name} of {self.name} is not what the model goes on with: putting its own "
                    f"activations back moves losses by {float((own - plain).abs().max()):.2g}, "
                    f"zeros by {float((zero - plain).abs().max()):.2g}",
                    expected="0 and more than 0",
                    mend=_MEND,
                )

    def _logits_of(self, hidden: Tensor, at: Tensor) -> Tensor:
        rows = hidden[torch.arange(len(hidden), device=hidden.device), at.to(hidden.device)]
        return self.bridge.original_model.get_output_embeddings()(rows).float()

    def _hidden_from(self, x: Tensor, name: str, ids: Tensor) -> Tensor:
        point = self.point(name)
        x = x.to(device=self.device, dtype=self.dtype)
        if point.is_residual and self._can_cut:
            with self._blocks_from(point.block + 1):
                return self._hidden(inputs_embeds=x)
        with self.bridge.hooks(fwd_hooks=[(name, lambda own, hook: x)]):  # noqa: ARG005
            return self._hidden(input_ids=ids)

    def _hidden(self, **inputs: Tensor) -> Tensor:
        """Output of the final norm; the bridge's blocks sit inside the plain model."""
        return self.bridge.original_model.base_model(**inputs, use_cache=False).last_hidden_state

    def _losses_of(self, hidden: Tensor, ids: Tensor) -> Tensor:
        """Unembed few tokens at a time: a batch's logits would be the largest tensor by far."""
        head = self.bridge.original_model.get_output_embeddings()
        rows = hidden[:, :-1].flatten(0, 1)
        wanted = ids[:, 1:].flatten()
        step = max(1, _LOGITS_AT_ONCE // self.bridge.original_model.config.vocab_size)
        parts = [
            cross_entropy(head(h).float(), w, reduction="none")
            for h, w in zip(rows.split(step), wanted.split(step), strict=True)
        ]
        return torch.cat(parts).view(len(ids), -1)

    @contextmanager
    def _blocks_from(self, first: int) -> Iterator[None]:
        # The bridge's own start_at_layer runs the lower blocks too and throws their output away.
        stack = self.bridge.original_model.base_model
        whole = stack.layers
        stack.layers = whole[first:]
        try:
            yield
        finally:
            stack.layers = whole

    def _on_device(self, ids: Tensor) -> Tensor:
        return ids.to(device=self.device, dtype=torch.int64)

    @torch.inference_mode()
    def _check(self, ids: Tensor, reference: Tensor) -> None:
        """Hold logits and losses against the plain model's; learn whether the stack can be cut."""
        self.max_logit_difference = float((self.bridge(ids).float() - reference).abs().max())
        expected = cross_entropy(
            reference[:, :-1].flatten(0, 1), ids[:, 1:].flatten(), reduction="none"
        )
        off = float((self.losses(ids).flatten() - expected).abs().max())
        allowed = _TOLERANCE[self.dtype] * max(1.0, float(reference.abs().max()))
        if max(self.max_logit_difference, off) > allowed:
            raise SourceError(
                f"transformer-lens computes other logits than the plain model {self.name}: "
                f"they differ by {self.max_logit_difference:.2g}, the losses by {off:.2g}",
                expected=f"at most {allowed:.2g}",
                mend="choose a model that transformer-lens supports in fetch.model of params.yaml",
            )
        layers = getattr(self.bridge.original_model.base_model, "layers", None)
        if isinstance(layers, nn.ModuleList) and len(layers) == self.n_layers:
            middle = HookPoint(self.n_layers // 2, "hook_resid_post").name
            stream = self.activations(ids, [middle])[middle]
            whole = self.losses_from(stream, middle, ids)
            self._can_cut = True
            self._can_cut = torch.equal(self.losses_from(stream, middle, ids), whole)


def _keep(found: dict[str, Tensor], name: str, x: Tensor, hook: object) -> None:  # noqa: ARG001
    found[name] = x


def _fixed_ids(n_vocabulary: int) -> Tensor:
    return (torch.arange(2 * 24) * 7919 % n_vocabulary).view(2, 24)


def _plain_model(
    folder: Path, dtype: torch.dtype, device: torch.device, redrawn: Redrawn | None
) -> Any:
    from transformers.models.auto.modeling_auto import AutoModelForCausalLM

    try:
        plain: Any = AutoModelForCausalLM.from_pretrained(
            folder, dtype=dtype, attn_implementation="eager", local_files_only=True
        )
    except (OSError, ValueError) as error:
        raise SourceError(
            f"{folder} holds no causal language model: {' '.join(str(error).split())[:200]}",
            expected="a Hugging Face directory: config.json, safetensors, tokenizer.json",
            mend="dvc repro fetch",
        ) from None
    if redrawn:
        redraw(plain, redrawn)
    return plain.to(device).eval().requires_grad_(False)


def _stay_offline() -> None:
    # Read at import by the libraries: a local directory needs no network, and none is asked.
    for name, value in {"HF_HUB_OFFLINE": "1", "WANDB_MODE": "disabled"}.items():
        os.environ.setdefault(name, value)
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
