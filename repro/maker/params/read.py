"""Read a params file, and say what is wrong with it in words that name the key and the mend."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, create_model
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from repro.errors import ParamsError
from repro.maker.params.section import Section

Model = TypeVar("Model", bound=BaseModel)
NONE: Mapping[str, str] = {}
LOOSE = ConfigDict(extra="ignore")
"""A stage reads some sections; that there is none too many is asked of the whole file."""


def read_sections(path: Path, models: Mapping[str, type[Section]]) -> dict[str, Any]:
    """Read some sections of a params file; the others are not looked at.

    Raises:
        ParamsError: missing, not YAML, or not what a model says; names the key and the mend.
    """
    top = {name: model for name, model in models.items() if model.is_at_top}
    fields: dict[str, Any] = {name: (model, ...) for name, model in models.items() - top.items()}
    for model in top.values():
        fields |= {key: (field.annotation, field) for key, field in model.model_fields.items()}
    whole = create_model("Sections", __config__=LOOSE, **fields)
    found = validated(whole, read_yaml(path), path)
    read = {name: getattr(found, name) for name in models.keys() - top.keys()}
    for name, model in top.items():
        read[name] = model(**{key: getattr(found, key) for key in model.model_fields})
    return read


def read_yaml(path: Path) -> Any:
    """The plain content of a YAML file.

    Raises:
        ParamsError: missing or not YAML.
    """
    try:
        return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf8"))
    except FileNotFoundError:
        raise ParamsError(
            f"{path} is missing", expected="a params file", mend=f"git checkout -- {path.name}"
        ) from None
    except IsADirectoryError:
        raise ParamsError(
            f"{path} is a folder", expected="a params file", mend=f"give {path / 'params.yaml'}"
        ) from None
    except (YAMLError, UnicodeDecodeError) as error:
        raise ParamsError(
            f"{path} is not YAML: {' '.join(str(error).split())}",
            expected="YAML 1.2",
            mend=f"edit {path}",
        ) from None


def validated(
    model: type[Model], content: Any, path: Path, renamed: Mapping[str, str] = NONE
) -> Model:
    """Check the content of a params file; `path` is for the message only.

    `renamed` has keys of earlier versions, `*` for any name, and what to write in their place.

    Raises:
        ParamsError: it is not what the model says; names the key and the mend.
    """
    try:
        return model.model_validate(content)
    except ValidationError as error:
        # A key of an earlier version is two mistakes, of which that one has the mend.
        first = min(error.errors(), key=lambda one: _new_name(one, renamed) is None)
        key, new = _key(first), _new_name(first, renamed)
        shown = not isinstance(first["input"], dict)
        found = f" (found {_short(first['input'])})" if shown else ""
        more = f"; and {error.error_count() - 1} more" if error.error_count() > 1 else ""
        wording = f"the key is now named {new.split(',')[0]}" if new else _wording(first)
        raise ParamsError(
            f"{path}: {key}: {wording}{found}{more}",
            expected=new or _expected(first),
            mend=f"edit {key} in {path}",
        ) from None


def _new_name(error: Any, renamed: Mapping[str, str]) -> str | None:
    if error["type"] != "extra_forbidden":
        return None
    key = _key(error)
    return next((new for old, new in renamed.items() if fnmatchcase(key, old)), None)


_MISSING = ("missing", "union_tag_not_found")


def _key(error: Any) -> str:
    place = [str(part) for part in error["loc"] if part != "[key]"]
    # The kind of source, or the method of a group, which is no key of the file.
    if place[:1] == ["fetch"]:
        del place[2:3]
    if place[:2] == ["train", "groups"]:
        del place[3:4]
    if error["type"].startswith("union_tag"):
        place.append(error["ctx"]["discriminator"].strip("'"))
    if error["type"] == "mismatch":
        place.append(error["ctx"]["key"])
    return ".".join(place) or "top level"


def _wording(error: Any) -> str:
    if error["type"] in _MISSING:
        return "missing key"
    return "unknown key" if error["type"] == "extra_forbidden" else error["msg"]


def _expected(error: Any) -> str:
    if error["type"] == "string_pattern_mismatch" and error["loc"][-1] == "[key]":
        return "a name of small letters, digits and underscores that begins with a letter"
    if error["type"] == "extra_forbidden":
        return "only the keys of `repro.maker.params`; is it misspelt?"
    if error["type"] in _MISSING:
        return "every key written out: there are no hidden defaults"
    if error["type"] == "mismatch":
        return error["ctx"]["expected"]
    if isinstance(error["input"], str) and error["type"].startswith(("float", "int")):
        return "a number without quotes, such as 1.0e-3"
    return error["msg"]


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
