"""The names under which other programs save embeddings, as one table."""

from __future__ import annotations

from collections.abc import Sequence

from agreid_cli.records.embeddings import Part

#: Our column → the names in other programs, the least ambiguous first. Case is ignored.
SPELLINGS: dict[str, tuple[str, ...]] = {
    "embedding": (
        "embedding", "embeddings", "emb", "embs", "feature", "features", "feat", "feats", "f",
        "vector", "vectors",
    ),
    "pid": (
        "pid", "pids", "person_id", "person_ids", "identity", "identities", "label", "labels", "id", "ids",
        "target", "targets",
    ),
    "camid": (
        "camid", "camids", "cam_id", "cam_ids", "camera_id", "camera_ids", "cam", "cams", "camera", "cameras",
    ),
    "platform": ("platform", "platforms"),
    "crop_id": (
        "crop_id", "crop_ids", "path", "paths", "img_path", "img_paths", "image_path", "image_paths",
        "file_name", "file_names", "filename", "filenames", "name", "names", "img_name", "img_names",
        "image_name", "image_names", "image", "images", "img", "imgs", "file", "files",
    ),
    "role": ("role", "roles", "split", "splits", "subset", "subsets", "set", "part", "partition", "usage"),
    "is_query": ("is_query", "is_queries", "isquery", "is_probe", "query_mask", "mask_query", "in_query"),
    "is_gallery": ("is_gallery", "isgallery", "gallery_mask", "mask_gallery", "in_gallery"),
    "num_query": ("num_query", "n_query", "num_queries", "n_queries"),
    "distance": (
        "distmat", "dist_mat", "distance_matrix", "distances", "distance", "dists", "dist", "qg_dist",
        "q_g_dist",
    ),
    "similarity": (
        "similarity_matrix", "similarities", "similarity", "simmat", "sim_mat", "sims", "sim", "scores",
        "score",
    ),
}  # fmt: skip
#: Columns with one value per row.
COLUMNS = ("pid", "camid", "platform", "crop_id", "role", "is_query", "is_gallery")
#: What is added to a name when a group belongs to one role; `mquery`: the crops that a query is made of.
PREFIXES: dict[str, tuple[str, ...]] = {
    "mquery": ("mquery_", "mq_", "multi_query_"),
    "query": ("query_", "queries_", "probe_", "q_", "q"),
    "gallery": ("gallery_", "galleries_", "g_", "g"),
}
SUFFIXES: dict[str, tuple[str, ...]] = {
    "query": ("_query", "_queries", "_probe", "_q"),
    "gallery": ("_gallery", "_g"),
}
#: Names of a whole side: features if the array has two axes, else a column of yes and no.
ALONE = {
    "query": "query",
    "queries": "query",
    "probe": "query",
    "gallery": "gallery",
    "qf": "query",
    "gf": "gallery",
}

_RANK_OF = {name: (column, at) for column, names in SPELLINGS.items() for at, name in enumerate(names)}
Place = tuple[str | None, str]


def place(name: str, axes: int = 2) -> Place | None:
    """The (role, column) of a name in a dump; None for an unknown name.

    `axes` is the number of axes of its array; it matters only for the plain names `query` and `gallery`.

    >>> place("query_f"), place("q_pids"), place("gf"), place("camids"), place("epoch")
    (('query', 'embedding'), ('query', 'pid'), ('gallery', 'embedding'), (None, 'camid'), None)
    >>> place("mquery_label"), place("feats_gallery"), place("query"), place("query", axes=1)
    (('mquery', 'pid'), ('gallery', 'embedding'), ('query', 'embedding'), (None, 'is_query'))
    """
    word = name.strip().lower()
    if word in _RANK_OF:
        return None, _RANK_OF[word][0]
    if word in ALONE:
        return (ALONE[word], "embedding") if axes > 1 else (None, f"is_{ALONE[word]}")
    for role, prefixes in PREFIXES.items():
        for prefix in prefixes:
            if word.startswith(prefix) and (found := _RANK_OF.get(word.removeprefix(prefix))):
                return role, found[0]
    for role, suffixes in SUFFIXES.items():
        for suffix in suffixes:
            if word.endswith(suffix) and (found := _RANK_OF.get(word.removesuffix(suffix))):
                return role, found[0]
    return None


def surest(names: Sequence[str]) -> list[str]:
    """Names of one place, the least ambiguous first: `pid` before `label`.

    >>> surest(["ids", "q_label", "q_pids"])
    ['q_pids', 'q_label', 'ids']
    """
    return sorted(names, key=_rank)


def _rank(name: str) -> int:
    word = name.strip().lower()
    forms = [word, *(word.removeprefix(p) for of in PREFIXES.values() for p in of if word.startswith(p))]
    forms += [word.removesuffix(s) for of in SUFFIXES.values() for s in of if word.endswith(s)]
    return min((_RANK_OF[form][1] for form in forms if form in _RANK_OF), default=99)


def by_file_name(parts: Sequence[Part], stems: Sequence[str]) -> list[str | None]:
    """The role given by each file name, if no part has one and both roles occur.

    >>> import numpy as np
    >>> parts = [Part("q", np.ones((1, 2))), Part("g", np.ones((1, 2)))]
    >>> by_file_name(parts, ["bot_query", "bot_gallery"])
    ['query', 'gallery']
    >>> by_file_name(parts, ["query", "rest"])
    [None, None]
    """
    none: list[str | None] = [None] * len(parts)
    if any(any(part.role or ()) for part in parts):
        return none
    told = [next((role for role in ("query", "gallery") if role in stem.lower()), None) for stem in stems]
    return [*told] if set(told) == {"query", "gallery"} else none
