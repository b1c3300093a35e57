"""The paper's Table I as data: five public data sets as printed, with remarks on errors."""

from __future__ import annotations

from dataclasses import dataclass

#: The rows of the table: the field of a `Census` and of a `Published`, and the label shown.
LINES = (
    ("identities", "identities"),
    ("images", "images"),
    ("attributes", "attributes"),
    ("images_with_attributes", "on images"),
    ("diverse_backgrounds", "backgrounds"),
    ("occlusion", "occlusion"),
    ("camera_views", "cameras"),
    ("platforms", "platforms"),
    ("flying_altitude", "altitude"),
    ("uavs", "UAVs"),
)


@dataclass(frozen=True)
class Published:
    """One column of Table I; None stands for the paper's cross."""

    name: str
    setting: str
    identities: int
    images: int
    attributes: int | None
    images_with_attributes: int | None
    diverse_backgrounds: bool
    occlusion: bool
    camera_views: str
    platforms: str
    flying_altitude: str
    uavs: int
    remark: str = ""


_NO_ATTRIBUTES = "printed without attributes, though a public set of attribute labels exists for it"

PUBLISHED = (
    Published(
        "Market-1501", "ground-ground", 1501, 32668, None, None, False, False, "fixed", "CCTV", "< 10 m", 0,
        remark=_NO_ATTRIBUTES,
    ),
    Published(
        "DukeMTMC", "ground-ground", 1404, 36411, None, None, False, False, "fixed", "CCTV", "< 10 m", 0,
        remark=_NO_ATTRIBUTES,
    ),
    Published(
        "PRAI-1581", "aerial-aerial", 1581, 39461, None, None, False, True, "mobile", "UAV", "20 ~ 60 m", 2,
    ),
    Published(
        "UAV-Human", "aerial-aerial", 1144, 41290, 7, 22263, True, True, "mobile", "UAV", "2 ~ 8 m", 1,
    ),
    Published(
        "AG-ReID", "aerial-ground", 388, 21983, 15, 21983, True, True, "fixed & mobile", "UAV & CCTV",
        "15 ~ 45 m", 1,
        remark="the 21,983 images are 11,554 for training and 10,429 in galleries; with the 2,033 queries "
        "there are 24,016 on disk. The paper's text also prints 21,893, which swaps two digits",
    ),
)  # fmt: skip
