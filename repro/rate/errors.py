"""What can go wrong when people rate, and the packages that this room needs besides the judge's."""

from importlib.util import find_spec

from repro.errors import ReproError

PACKAGES = ("fastapi", "krippendorff", "uvicorn")


class RatingError(ReproError):
    """Ratings cannot be taken or counted: wrong cards, a broken file, a port that is taken."""


def demand_packages() -> None:
    """Make sure that the extra is installed.

    Raises:
        RatingError: it is not; names the extra.
    """
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        raise RatingError(
            f"not installed: {', '.join(missing)}",
            expected="the packages of the extra `rate`",
            mend="from the checkout: pip install -c constraints.txt -e '.[rate]'",
        )
