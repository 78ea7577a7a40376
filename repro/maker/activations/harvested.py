"""What the stage `activate` left, by the role of each site."""

from pathlib import Path

from repro.errors import ArtifactError
from repro.maker.activations.shards import Manifest, read_manifest
from repro.maker.hook_points import hook_point


def harvested(activations: Path) -> dict[str, Manifest]:
    """The manifest of each site of the language model, in the order of depth.

    Raises:
        ArtifactError: a manifest is missing, malformed or that of another site, or there
            is none.
    """
    folders = sorted(activations.iterdir()) if activations.is_dir() else []
    if not folders:
        raise ArtifactError(
            f"{activations} holds no activations",
            expected="a folder of each site",
            mend="dvc repro activate",
        )
    found = {folder.name: read_manifest(folder) for folder in folders}
    for role, manifest in found.items():
        if manifest.site != role:
            raise ArtifactError(
                f"{activations / role} holds the activations of the site {manifest.site!r}",
                expected=f"those of {role!r}",
                mend="dvc repro activate",
            )
    return dict(sorted(found.items(), key=lambda pair: (hook_point(pair[1].hook), pair[0])))
