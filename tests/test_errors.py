"""An error stays whole wherever it is raised."""

import pickle

import pytest

from repro import errors

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type)]


@pytest.mark.parametrize(
    "kind",
    [kind for kind in KINDS if issubclass(kind, errors.ReproError)],
    ids=lambda k: k.__name__,
)
def test_an_error_comes_back_whole_from_another_process(kind):
    error = kind("found", expected="expected", mend="mend")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert (str(again), again.found, again.expected, again.mend) == (
        str(error), "found", "expected", "mend",
    )  # fmt: skip


def test_what_was_expected_may_be_worked_out_once_when_it_is_told():
    asked = []

    def listing() -> str:
        asked.append(1)
        return "one of a, b"

    error = errors.EvidenceError("no row", expected=listing, mend="mend")
    assert not asked
    assert str(error) == "no row\n  expected: one of a, b\n  to mend:  mend"
    assert pickle.loads(pickle.dumps(error)).expected == "one of a, b"
    assert len(asked) == 1
