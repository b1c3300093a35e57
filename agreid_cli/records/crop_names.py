"""Match the names that other programs use for crops: crop ids, or paths on any machine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def match_names(names: Sequence[str], crop_ids: Iterable[str]) -> list[str | None]:
    """For each name the crop id it refers to, or None.

    This is the crop id itself; else the longest suffix of the path that is a crop id, with or without its
    file extension; else the only crop id with this file name.

    >>> match_names(["D:\\\\x\\\\query\\\\a.jpg", "b.jpg", "c.jpg"], ["query/a", "gallery/a", "query/b"])
    ['query/a', 'query/b', None]
    """
    known = set(crop_ids)
    if all(name in known for name in names):
        return list(names)
    by_stem: dict[str, str | None] = {}
    for crop in known:
        stem = crop.rpartition("/")[2]
        by_stem[stem] = None if stem in by_stem else crop
    return [_match(name, known, by_stem) for name in names]


def _match(name: str, known: set[str], by_stem: dict[str, str | None]) -> str | None:
    path = name.replace("\\", "/")
    folder, slash, last = path.rpartition("/")
    bare = folder + slash + (last.rpartition(".")[0] or last)
    for form in (path, bare):
        while form and form not in known:
            form = form.partition("/")[2]
        if form:
            return form
    return by_stem.get(bare.rpartition("/")[2]) or by_stem.get(last)
