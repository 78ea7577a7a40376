"""What may have been meant by a name that is not known."""

import difflib
from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that is spelt most like it, or where none is like it all of them."""
    names = list(known)
    near = difflib.get_close_matches(name, names, n=1)
    return f"perhaps {near[0]!r}" if near else f"one of {', '.join(names)}"
