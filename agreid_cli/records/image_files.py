"""Which files are images. Every reader, `embed` and `search` use this one list of suffixes."""

from __future__ import annotations

import os
from pathlib import Path, PurePath

_ENDINGS = """
    apng avif avifs bmp bw dcx dds dib gif icb im j2c j2k jfif jp2 jpc jpe jpeg jpf jpg jpx msp pbm pcd pcx
    pfm pgm png pnm ppm psd pxr qoi ras rgb rgba sgi tga tif tiff vda vst webp xbm xpm
"""
#: Suffixes of the still images that Pillow opens, in lower case. It also opens icons, videos, drawings,
#: textures and measurements, which are not crops of people.
IMAGE_ENDINGS = frozenset(f".{ending}" for ending in _ENDINGS.split())
#: Files and folders that file managers leave behind; not part of any data set.
LITTER = frozenset({"thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "__macosx", "$recycle.bin"})


def is_litter(name: str) -> bool:
    """Whether a file or folder of that name is hidden or was left by a file manager.

    >>> is_litter("Thumbs.db"), is_litter("._0001.jpg"), is_litter("0001.jpg")
    (True, True, False)
    """
    return name.startswith(".") or name.lower() in LITTER


def ending_of(name: str) -> str:
    """The suffix of a file name in lower case, with its dot; empty if there is none.

    >>> ending_of("a/b.JPG"), ending_of("a.b/c")
    ('.jpg', '')
    """
    return PurePath(name).suffix.lower()


def is_image(path: str | Path) -> bool:
    """Whether a file counts as an image: by its suffix, or by its first bytes if it has none."""
    ending = ending_of(os.fspath(path))
    return ending in IMAGE_ENDINGS or (not ending and _opens(path))


def is_still(path: str | Path) -> bool:
    """Whether a regular file with an image suffix is a single image. An animated GIF, PNG or WebP is not."""
    from PIL import Image

    if ending_of(os.fspath(path)) not in IMAGE_ENDINGS or not os.path.isfile(path):
        return False
    try:
        with Image.open(path) as image:
            return not getattr(image, "is_animated", False)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return False


def without_ending(path: str) -> str:
    """A path without its image suffix; other suffixes are part of the name.

    >>> without_ending("query/0001_c1s1_03.jpg"), without_ending("v1.0/person 1"), without_ending("a.b")
    ('query/0001_c1s1_03', 'v1.0/person 1', 'a.b')
    """
    ending = ending_of(path)
    return path[: -len(ending)] if ending in IMAGE_ENDINGS else path


def _opens(path: str | Path) -> bool:
    """Whether Pillow recognises the content. Only regular files are opened: a pipe would block."""
    from PIL import Image

    if not os.path.isfile(path):
        return False
    try:
        with Image.open(path) as image:
            kinds = {Image.registered_extensions().get(ending) for ending in IMAGE_ENDINGS}
            return image.format in kinds
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return False
