"""Two hypothesis profiles, one mark for every property, and no network in any test."""

import os

import pytest
from hypothesis import HealthCheck, is_hypothesis_test, settings

settings.register_profile(
    "ci", derandomize=True, deadline=None, database=None, max_examples=40, print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
# New examples at every run; a failing one is printed with the line that replays it.
settings.register_profile(
    "fuzz", deadline=None, max_examples=int(os.environ.get("FUZZ_EXAMPLES", "500")),
    print_blob=True, suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark whatever hypothesis drives, so that properties can be counted and run alone."""
    for item in items:
        if isinstance(item, pytest.Function) and is_hypothesis_test(item.obj):
            item.add_marker(pytest.mark.property)


def pytest_configure(config: pytest.Config) -> None:
    """Keep telemetry and the network out of every test."""
    os.environ.update(
        HF_HUB_OFFLINE="1",
        HF_HUB_DISABLE_TELEMETRY="1",
        WANDB_MODE="disabled",
        DVC_NO_ANALYTICS="1",
        TOKENIZERS_PARALLELISM="false",
    )
