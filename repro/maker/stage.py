"""A stage of the pipeline, declared once: its command, folders and `dvc.yaml` entry follow."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Protocol, get_type_hints

from repro.errors import ParamsError
from repro.maker.params.read import read_sections
from repro.maker.params.section import Section
from repro.maker.params.setting import Setting

ARTIFACTS = Path("artifacts")
"""Where stages leave what is not evidence, seen from the folder of the params file."""
EVIDENCE = "evidence"
"""The folder of tables, which stages share."""
COMMITTED = {"frontier": Path("reports", "frontier")}
"""Inputs that no stage makes, seen from the checkout."""


class Nothing(NamedTuple):
    """The inputs of a stage that reads no folder."""


class Tabled(Protocol):
    """What a stage says of its tables: not the row model itself, so that no other stage re-runs."""

    table: ClassVar[str]
    """Name of the table."""


@dataclass(frozen=True)
class Stage:
    """What a stage is for, what it writes, and the function that does it.

    Its name is that of its module. The types of `run` say the rest: the fields of `params` are the
    sections of `params.yaml` that it reads, those of `inputs` the stages whose folders it reads.
    """

    run: Callable[..., None]
    """`run(params, inputs, out)`: two named tuples, and the folder to write."""
    desc: str
    """One sentence, shown by `dvc stage list`."""
    tables: tuple[type[Tabled], ...] = ()
    """Row models of the tables of evidence that it writes; without any it writes a folder."""

    @property
    def name(self) -> str:
        """Name of the stage, of its module and of its folder."""
        return self.run.__module__.rpartition(".")[2]

    @property
    def sections(self) -> dict[str, type[Section]]:
        """Sections of `params.yaml` that it reads, and their models."""
        return get_type_hints(self._types[0])

    @property
    def inputs(self) -> tuple[str, ...]:
        """Stages whose folders it reads, and other folders by name."""
        return self._types[1]._fields

    @property
    def params(self) -> list[str]:
        """Keys of `params.yaml` on which its result depends, sorted."""
        keys = {name for name, model in self.sections.items() if not model.is_at_top}
        if len(keys) < len(self.sections):
            keys |= Setting.model_fields.keys() - {"root"}
        return sorted(keys)

    @property
    def has_both(self) -> bool:
        """Whether it leaves a folder of its own beside its tables: `run` has a parameter `own`."""
        return "own" in get_type_hints(self.run)

    @property
    def _types(self) -> tuple[Any, Any]:
        """The named tuples of sections and of inputs."""
        params, inputs, *_ = get_type_hints(self.run).values()
        return params, inputs

    def execute(self, params: Path, moved: Mapping[str, Path]) -> None:
        """Run on the sections of a params file, from and into the folders of its profile.

        Args:
            params: the params file.
            moved: folders that are elsewhere, by the name of their stage, or `evidence`.

        Raises:
            ParamsError: a section is not what its model says, or a folder is named that is unknown.
            ReproError: what the stage itself raises.
        """
        self._check(moved)
        sections = read_sections(params, {**self.sections, "setting": Setting})
        places = Places(sections["setting"], moved)
        inputs = {name: places.of(name) for name in self.inputs}
        out = places.of(EVIDENCE if self.tables else self.name)
        self.call(sections, inputs, out, places.of(self.name))

    def call(
        self,
        sections: Mapping[str, Section],
        inputs: Mapping[str, Path],
        out: Path,
        own: Path | None = None,
    ) -> None:
        """Run on sections and folders in hand; sections that it does not read are left out.

        Args:
            sections: of `params.yaml`, by name.
            inputs: folders, by the names of the stages that have made them.
            out: where its tables go, or all that it makes if it has none.
            own: its own folder, where it has one beside its tables; default `out`.
        """
        of_sections, of_inputs = self._types
        read = {name: sections[name] for name in self.sections}
        beside = {"own": own or out} if self.has_both else {}
        self.run(of_sections(**read), of_inputs(**inputs), out, **beside)

    def _check(self, moved: Mapping[str, Path]) -> None:
        known = (*self.inputs, EVIDENCE if self.tables else self.name)
        for name in moved:
            if name not in known:
                raise ParamsError(
                    f"the stage {self.name} knows no folder {name!r}",
                    expected=f"one of {', '.join(known)}",
                    mend=f"python -m repro.maker run {self.name} --at {known[-1]}=DIR",
                )


@dataclass(frozen=True)
class Places:
    """Where a profile's stages find and leave things, seen from the folder of its params file."""

    setting: Setting
    """Profile and way to the checkout."""
    moved: Mapping[str, Path] = field(default_factory=dict)
    """Folders that are elsewhere."""

    def of(self, name: str) -> Path:
        """The folder of a stage, of the evidence, or of an input that no stage makes."""
        if name in self.moved:
            return self.moved[name]
        if name == EVIDENCE:
            return Path(self.setting.root, "reports", self.setting.profile, EVIDENCE)
        if name in COMMITTED:
            return Path(self.setting.root) / COMMITTED[name]
        return ARTIFACTS / name


def dumped(params: Any) -> dict[str, Any]:
    """The sections that a stage reads, as its tables tell them; what is at the top left out."""
    return {
        name: section.model_dump(mode="json")
        for name, section in params._asdict().items()
        if not section.is_at_top
    }
