"""The one number formatter, by table and by property."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro.report.numbers import count, fixed, measured, number


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "—"),
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "1.00"),
        (0.12345, "0.123"),
        (-0.12345, "−0.123"),
        (0.9996, "1.00"),
        (99.96, "100"),
        (12345.6, "12300"),
        (0.00012345, "0.000123"),
        (0.000012345, "1.23×10⁻⁵"),
        (-4.2e-12, "−4.20×10⁻¹²"),
        (999_999.9, "1.00×10⁶"),
        (1.23e9, "1.23×10⁹"),
    ],
)
def test_a_number_has_three_significant_digits(value: float | None, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("triple", "text"),
    [
        ((0.123, 0.110, 0.136), "0.123 [0.110, 0.136]"),
        ((0.1234, 0.1134, 0.1334), "0.123 [0.113, 0.133]"),
        ((0.5, -0.25, 1.25), "0.50 [−0.25, 1.25]"),
        ((25.0, 10.0, 40.0), "25 [10, 40]"),
        ((0.0, 0.0, 0.0), "0 [0, 0]"),
        ((1.0, 1.0, 1.0), "1.00 [1.00, 1.00]"),
        ((-0.0001, -0.2, 0.2), "0.00 [−0.20, 0.20]"),
        ((2.5e-7, 1.5e-7, 3.5e-7), "2.50×10⁻⁷ [1.50×10⁻⁷, 3.50×10⁻⁷]"),
        ((3e9, 2e9, 4e9), "3.00×10⁹ [2.00×10⁹, 4.00×10⁹]"),
        ((0.25, None, None), "0.250"),
        ((None, None, None), "—"),
    ],
)
def test_an_interval_is_rounded_by_its_own_width(
    triple: tuple[float | None, float | None, float | None], text: str
) -> None:
    assert measured(*triple) == text


@pytest.mark.parametrize(
    ("value", "text"), [(None, "—"), (0, "0"), (1234567, "1,234,567"), (-1200, "−1,200")]
)
def test_a_count_sets_thousands_apart(value: int | None, text: str) -> None:
    assert count(value) == text


def _parse(text: str) -> float:
    mantissa, _, power = text.replace("−", "-").partition("×10")
    digits = power.translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-"))
    return float(mantissa) * 10.0 ** int(digits or 0)


@given(st.floats(-1e12, 1e12).filter(lambda value: value == 0 or abs(value) > 1e-12))
def test_what_is_printed_is_within_half_a_percent(value: float) -> None:
    assert math.isclose(_parse(number(value)), value, rel_tol=0.0051)


@given(st.floats(-1e-3, 1e-3), st.integers(0, 2))
def test_zero_never_carries_a_sign(value: float, decimals: int) -> None:
    text = fixed(value, decimals)
    assert "−" not in text or any(digit in text for digit in "123456789")
