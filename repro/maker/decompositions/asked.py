"""What is asked for: a site by content, and one decomposition of its activations."""

from pathlib import Path
from typing import Any

from repro.maker.engine.job import Job


class SiteFiles(Job):
    """Activations of a site and what was fitted on them, by content."""

    site: str
    """Role of the site, or planted set."""
    store: Path
    """Folder of its activations."""
    manifest: str
    """SHA-256 of their manifest, which names every shard by its hash."""
    d_in: int
    """Coordinates of an activation."""
    transform: Path
    """Centring and scaling of the site."""
    transform_sha256: str
    """Its hash."""
    components: dict[int, Path]
    """Principal and independent components by draw; none at planted sets."""
    components_sha256: dict[int, str]
    """Their hashes."""


class Asked(Job):
    """One decomposition."""

    of: SiteFiles
    """What it takes apart."""
    method: str
    """Name in the registry."""
    alpha: float
    """L1 coefficient with which it was trained; else 0."""
    k: int
    """Codes kept a token; 0 where all are."""
    expansion_factor: float
    """Dictionary size over dimension."""
    seed: int
    """Seed of training or of chance."""
    file: Path | None
    """The trained dictionary that it is, or is made of."""
    sha256: str
    """Its hash."""
    names: Path | None = None
    """Mean activation of each name at each site, for the difference of means."""

    @property
    def key(self) -> dict[str, Any]:
        """What names it in the tables of evidence."""
        names = {"method", "alpha", "k", "expansion_factor", "seed"}
        return {"site": self.of.site, **self.model_dump(include=names)}
