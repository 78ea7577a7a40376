"""Keys that had another name, so that a params file of an earlier version is told what to write."""

from collections.abc import Mapping

RENAMED: Mapping[str, str] = {
    "width": "expansion_factor",
    "family": "corruption",
    "sites": "hook_points, such as middle: blocks.14.hook_resid_post for the block 14",
    "substitution_tokens": "spliced_tokens",
    "substitution_groups": "spliced_groups",
    "substitution_top_k": "spliced_top_k",
    "substitution_batch": "spliced_batch",
}
"""The former name of a key, and its name now."""
