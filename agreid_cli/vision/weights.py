"""Locate detector weights by path or name, and download them only if requested."""

from __future__ import annotations

import os
from pathlib import Path

from agreid_cli.assets import asset
from agreid_cli.errors import InputError, MissingError
from agreid_cli.records.regular import check_regular
from agreid_cli.vision import vendors

#: Detectors shipped with agreid, by name.
OWN = {"campus": "detector/campus.pt"}
#: The confidence that suits the campus detector: at the usual .25 lamps and benches become tracks.
CAMPUS_CONF = 0.4


def find_weights(name: str, *, folders: list[Path], download: bool) -> Path:
    """The detector of `OWN` called `name`; else the file or folder as given, else in one of `folders`.

    Names in `OWN` come first, because a workspace may have the same name; `./campus` is always a path.
    With `download`, a name that ultralytics publishes is fetched into the last folder. Raises
    `MissingError` with the places looked at, `InputError` for a pipe or a device.
    """
    if not name.strip():
        raise InputError("no detector is given", hint="Give a file with --detector PATH.")
    if name in OWN:
        return _own(name)
    given = Path(name).expanduser()
    for place in [given, *(folder / name for folder in folders)]:
        if place.exists():
            if not place.is_dir():  # ultralytics also reads folders
                check_regular(place)
            return place
    if download and given.name == name:
        return fetch(folders[-1] / name)
    looked = ", ".join(dict.fromkeys(str(folder.resolve()) for folder in [Path(), *folders]))
    raise MissingError(
        f"detector weights {name} not found (looked in {looked})",
        hint="Give a file with --detector PATH, or add --download to download a published name once; "
        f"--detector {' or '.join(OWN)} ships with agreid, for the people of agreid synth.",
    )


def _own(name: str) -> Path:
    try:
        return asset(OWN[name])
    except FileNotFoundError as error:
        raise MissingError(
            f"the detector {name} is missing from this installation of agreid",
            hint="Install agreid again, or give a file with --detector PATH.",
        ) from error


def user_folder() -> Path:
    """The folder for downloaded weights: `$XDG_CACHE_HOME/agreid/weights`."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "agreid" / "weights"


def fetch(target: Path) -> Path:
    vendors.ultralytics()
    from ultralytics.utils.downloads import attempt_download_asset

    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        found = Path(attempt_download_asset(str(target)))
    except Exception as error:  # whatever error the network or the vendor raises, the user needs one message
        raise InputError(
            f"{target.name} could not be downloaded: {error}",
            hint="Check the connection and the name, or give a file with --detector PATH.",
        ) from error
    if not found.is_file():
        raise InputError(
            f"ultralytics publishes no weights called {target.name}, or cannot be reached",
            hint="Check the name and the connection, or give a file with --detector PATH.",
        )
    return found
