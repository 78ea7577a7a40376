"""Keys that had another name, so that a params file of an earlier version is told what to write."""

from collections.abc import Mapping

RENAMED: Mapping[str, str] = {
    "activate.sites": "hook_points, such as middle: blocks.14.hook_resid_post for the block 14",
    "train.groups.*.width": "expansion_factor",
    "ioi.plans.*.family": "corruption",
    "fidelity.substitution_tokens": "spliced_tokens",
    "fidelity.substitution_groups": "spliced_groups",
    "fidelity.substitution_top_k": "spliced_top_k",
    "fidelity.substitution_batch": "spliced_batch",
}
"""Where a key stood, any name for `*`, and its name now."""
