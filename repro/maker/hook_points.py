"""Hook points: where activations are read and replaced, by transformer-lens's names."""

import re
from typing import NamedTuple

from repro.errors import ParamsError

KINDS = ("hook_resid_post", "mlp.hook_post")
"""The residual stream after a block, and the MLP's activations, which its last matrix reads."""
EXPECTED = "blocks.<block>.hook_resid_post or blocks.<block>.mlp.hook_post, blocks from 0"


class HookPoint(NamedTuple):
    """One place in a language model."""

    block: int
    """Number of the block, from 0."""
    kind: str
    """Which of `KINDS`."""

    @property
    def name(self) -> str:
        """As transformer-lens spells it."""
        return f"blocks.{self.block}.{self.kind}"

    @property
    def is_residual(self) -> bool:
        """Whether all that the blocks above are given passes through it."""
        return self.kind == "hook_resid_post"


def parsed(name: str) -> HookPoint | None:
    """The hook point of a name such as blocks.14.mlp.hook_post; none where it is no such name."""
    kinds = "|".join(map(re.escape, KINDS))
    found = re.fullmatch(rf"blocks\.(0|[1-9]\d*)\.({kinds})", name, re.ASCII)
    return HookPoint(int(found[1]), found[2]) if found else None


def hook_point(name: str) -> HookPoint:
    """The same.

    Raises:
        ParamsError: it is no such name.
    """
    found = parsed(name)
    if found is None:
        raise ParamsError(
            f"{name!r} is no hook point",
            expected=EXPECTED,
            mend="edit activate.hook_points in params.yaml",
        )
    return found
