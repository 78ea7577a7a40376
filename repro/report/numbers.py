"""The only number formatter: what a reader sees of any number in a report."""

from math import floor, log10

MINUS = "\N{MINUS SIGN}"
DASH = "\N{EM DASH}"
_SUPERSCRIPT = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
SMALLEST_P = 1e-6
_TINY = 1e-4
_HUGE = 1e6


def number(value: float | None, digits: int = 3) -> str:
    """`value` to so many significant digits; powers of ten below 0.0001 and from a million on.

    None is an em dash, minus zero is 0, and the minus sign is the typographic one.
    """
    if value is None:
        return DASH
    if value == 0:
        return "0"
    rounded = float(f"{value:.{digits - 1}e}")
    if not _TINY <= abs(rounded) < _HUGE:
        return _power_of_ten(rounded, digits)
    return fixed(rounded, max(0, digits - 1 - _exponent(rounded)))


def exact(value: float) -> str:
    """A number that somebody chose, such as a threshold, as it was written: 0.05, not 0.0500."""
    if value and not _TINY <= abs(value) < _HUGE:
        return number(value)
    return f"{value + 0.0:.6g}".replace("-", MINUS)


def fixed(value: float, decimals: int) -> str:
    """`value` to so many decimals, never as minus zero."""
    text = f"{value:.{decimals}f}"
    if not text.strip("-0."):
        text = text.lstrip("-")
    return text.replace("-", MINUS)


def p_value(value: float | None) -> str:
    """A p-value to two digits; below a millionth only that."""
    if value is None:
        return DASH
    return "< 0.000001" if value < SMALLEST_P else number(value, 2)


def count(value: int | None) -> str:
    """A whole number with thousands set apart by commas."""
    return DASH if value is None else f"{value:,}".replace("-", MINUS)


def measured(estimate: float | None, low: float | None, high: float | None) -> str:
    """`0.123 [0.110, 0.136]`: all three to the decimal where the interval's half-width has two.

    Without an interval the estimate stands alone; one of no width has three significant digits.
    """
    if estimate is None or low is None or high is None:
        return number(estimate)
    decimals = _decimals(low, high)
    middle = number(estimate) if decimals is None else fixed(estimate, decimals)
    return f"{middle} {interval(low, high)}"


def interval(low: float, high: float) -> str:
    """`[0.110, 0.136]`: both ends to the decimal where half the width has two digits."""
    decimals = _decimals(low, high)
    if decimals is None:
        return f"[{number(low)}, {number(high)}]"
    return f"[{fixed(low, decimals)}, {fixed(high, decimals)}]"


def _decimals(low: float, high: float) -> int | None:
    half_width = (high - low) / 2
    if half_width < _TINY / 10 or max(abs(low), abs(high)) >= _HUGE:
        return None
    return max(0, 1 - _exponent(float(f"{half_width:.1e}")))


def _exponent(value: float) -> int:
    return floor(log10(abs(value)))


def _power_of_ten(value: float, digits: int) -> str:
    mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
    power = str(int(exponent)).translate(_SUPERSCRIPT)
    return f"{mantissa.replace('-', MINUS)}\N{MULTIPLICATION SIGN}10{power}"
