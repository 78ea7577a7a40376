"""A pytest plugin that writes down how tests failed: by an assertion, or by anything else."""

import json
import os
from pathlib import Path

import pytest

ASKED = "MUTANTS_WITNESS"
"""Environment variable with the file to write to."""


def is_assertion(error: BaseException) -> bool:
    """Whether a test said no, in any of several ways at once; a crash is no answer."""
    if isinstance(error, BaseExceptionGroup):
        return all(is_assertion(one) for one in error.exceptions)
    return isinstance(error, AssertionError | pytest.fail.Exception)


def _write(kind: str, name: str) -> None:
    with Path(os.environ[ASKED]).open("a", encoding="utf8") as stream:
        stream.write(json.dumps({"kind": kind, "name": name}) + "\n")


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """A file that could not be imported."""
    if report.failed:
        _write("error", report.nodeid)


def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """A test, or what it needs, that failed."""
    if call.excinfo is not None and not isinstance(call.excinfo.value, pytest.skip.Exception):
        is_kill = call.when == "call" and is_assertion(call.excinfo.value)
        _write("assertion" if is_kill else "error", item.nodeid)
