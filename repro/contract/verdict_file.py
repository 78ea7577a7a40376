"""The file `verdicts.json`: written whole, and refused where it contradicts itself."""

from pathlib import Path

from pydantic import ValidationError

from repro.contract.consistent import contradictions
from repro.contract.verdict import SCHEMA, Verdicts
from repro.errors import VerdictError
from repro.files import write_json


def write_verdicts(target: Path, verdicts: Verdicts) -> None:
    """Write `verdicts.json`, whole or not at all."""
    write_json(target, verdicts.model_dump(mode="json", by_alias=True))


def read_verdicts(path: Path) -> Verdicts:
    """Read `verdicts.json` or a baseline, which has the same form.

    Raises:
        VerdictError: missing, no JSON, not of the contract's form, or at odds with itself.
    """
    mend = "repro verify --evidence DIR --out FILE"
    try:
        found = Verdicts.model_validate_json(path.read_text(encoding="utf8"))
    except FileNotFoundError:
        raise VerdictError(f"{path} is missing", expected="a file of verdicts", mend=mend) from None
    except IsADirectoryError:
        raise VerdictError(
            f"{path} is a folder", expected="a file of verdicts", mend=mend
        ) from None
    except UnicodeDecodeError:
        raise VerdictError(f"{path} is no text", expected="JSON", mend=mend) from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "top level"
        raise VerdictError(
            f"{path} does not follow the contract at {place}: {first['msg']}",
            expected=f"verdicts of schema {SCHEMA}",
            mend=mend,
        ) from None
    against = contradictions(found)
    if against:
        more = f" (and {len(against) - 3} more)" if len(against) > 3 else ""
        raise VerdictError(
            f"{path} contradicts itself: {'; '.join(against[:3])}{more}",
            expected="a file as `repro verify` wrote it",
            mend=mend,
        )
    return found
