"""What stands at the top of `params.yaml`, outside its sections."""

from typing import ClassVar

from repro.maker.params.section import Section


class Setting(Section):
    """Name and kind of a profile."""

    is_at_top: ClassVar[bool] = True

    profile: str
    """Name of the profile: smoke, laptop, paper, or your own."""
    root: str
    """The checkout, relative to the params file."""
    is_paper_setting: bool
    """Whether model, sites and sizes are the paper's own; printed beside every verdict."""
