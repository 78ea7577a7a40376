"""Provenance is the same on every run, and says what really computed."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from repro.errors import ParamsError
from repro.maker.engine.device import describe, has_native_bfloat16, resolve_device, resolve_dtype
from repro.maker.engine.provenance import key_of, versions

VALUES = st.dictionaries(st.text(max_size=4), st.integers() | st.text(max_size=4), max_size=4)


@given(VALUES, VALUES)
def test_two_values_share_a_key_exactly_when_they_are_equal(a: dict, b: dict) -> None:
    assert (key_of(a) == key_of(b)) == (a == b)
    assert key_of(a) == key_of(dict(reversed(a.items())))


def test_versions_name_what_numbers_depend_on() -> None:
    assert versions()["torch"] == torch.__version__
    assert "not installed" not in versions().values()


def test_auto_is_bfloat16_only_where_it_is_native() -> None:
    device = resolve_device("cpu")
    expected = torch.bfloat16 if has_native_bfloat16(device) else torch.float32
    assert resolve_dtype("auto", device) == expected
    assert resolve_dtype("bfloat16", device) == torch.bfloat16
    assert resolve_dtype("float32", device) == torch.float32
    assert describe(device, torch.float32, 2).endswith(", 2 threads, float32")


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA device")
def test_cuda_without_a_device_is_refused() -> None:
    assert resolve_device("auto") == torch.device("cpu")
    with pytest.raises(ParamsError, match="no CUDA device"):
        resolve_device("cuda")
