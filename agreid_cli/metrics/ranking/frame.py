"""Convert the user's features to single-precision rows for multiplication, with a bound on the error.

Every row x becomes x′: divided by its length for the cosine metric, multiplied by a power of two if
the features would overflow or underflow in single precision, and shifted by a common centre if that shortens
the rows much. None of these changes the order of squared distances, which is the order of the *score*

    S(q, g) = q′·g′ − ‖g′‖²/2 = (‖q′‖² − ‖q′ − g′‖²)/2.

The score is computed in single precision, and `Frame.doubt` bounds its distance from the true
value. So an order is either certain, or the exact distance decides.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agreid_cli.metrics.ranking.checks import refuse_rows
from agreid_cli.metrics.ranking.exact import Float64, unit_rows
from agreid_cli.metrics.ranking.features import Features, Index, Rows

Float32 = npt.NDArray[np.float32]

SLICE = 1024  # columns multiplied at a time; their sums are then added: this limits rounding errors
_NORM_SLICE = 64
_UNIT = 2.0**-24  # half the spacing of single precision at 1
_TINY = 2.0**-126  # possible loss by underflow in one operation, also if subnormals are flushed
_LARGE, _SMALL = 2.0**40, 2.0**-40  # lengths between these need no scaling
_RUNS, _RUN = 32, 32  # rows from which the centre is computed
_AT_A_TIME = 2048  # rows converted at a time


@dataclass(frozen=True)
class Block:
    """Rows ready for multiplication: the score is (query row · row) × gain + shift."""

    rows: Float32  # (n, D)
    length: Float64  # (n,) lengths ‖x′‖, not less than the true ones
    gain: Float32 | None  # (n,)
    shift: Float32 | None  # (n,), −infinity for junk

    @property
    def longest(self) -> float:
        """The largest length."""
        return float(self.length.max(initial=0.0))

    @property
    def hidden(self) -> npt.NDArray[np.bool_]:
        """(n,) the items whose score is −infinity."""
        return np.zeros(len(self.rows), bool) if self.shift is None else np.isneginf(self.shift)

    def without(self, items: npt.NDArray[np.intp]) -> Block:
        """The same block with these items hidden."""
        length, shift = self.length.copy(), np.zeros(len(self.rows), np.float32)
        if self.shift is not None:
            shift[:] = self.shift
        length[items], shift[items] = 0.0, -np.inf
        return Block(self.rows, length, self.gain, shift)

    def part(self, start: int, stop: int) -> Block:
        """Some of the rows of a block of queries."""
        return Block(self.rows[start:stop], self.length[start:stop], None, None)


@dataclass(frozen=True)
class Frame:
    """How rows are transformed; created once by `survey`, the same for every block."""

    metric: str
    width: int
    exponent: int  # rows are multiplied by 2**exponent (euclidean)
    centre: Float64 | None  # (D,), subtracted after that
    direct: bool  # single-precision rows can be multiplied without conversion

    def exact_rows(self, raw: Rows) -> Float64:
        """The rows that define the exact distance: double precision, no centre."""
        rows = raw.astype(np.float64)
        if self.metric == "cosine":
            return unit_rows(rows)
        if self.exponent:
            np.ldexp(rows, self.exponent, out=rows)
        return rows

    def query_block(self, features: Features, index: Index) -> Block:
        """Queries at `index`. A factor common to all scores of a query is irrelevant here."""
        rows = self._convert(features.take(index))
        return Block(rows, self._at_least(_lengths(rows)), None, None)

    def gallery_block(self, raw: Rows, junk: npt.NDArray[np.bool_]) -> Block:
        """A block of the gallery; `junk` (n,) items get the score −infinity."""
        rows = self._convert(raw)
        length = _lengths(rows)
        gain = shift = None
        if self._shifted:
            shift = (length * length * -0.5).astype(np.float32)
        elif self._lies_ready(raw):
            gain = np.divide(1.0, length, out=np.zeros_like(length), where=length > 0).astype(np.float32)
            length = np.ones_like(length)
        block = Block(rows, self._at_least(length), gain, shift)
        return block.without(np.flatnonzero(junk)) if junk.any() else block

    def double_scores(self, query: Rows, gallery: Rows) -> tuple[Float64, Float64]:
        """Scores in double precision of raw rows: pairs (n, D) and (n, D), or all of (n, 1, D) and (m, D).

        Also bounds on their difference from the scores of the exact distances.
        """
        left = query.astype(np.float64) if self._lies_ready(query) else self.double(query)
        right = self.double(gallery)
        squared = np.vecdot(right, right)
        if query.ndim == 3:
            score: Float64 = left[:, 0] @ right.T
        else:
            score = np.vecdot(left, right)
        if self._shifted:
            score -= squared / 2
        return score, self._double_doubt(np.sqrt(np.vecdot(left, left)), np.sqrt(squared))

    def doubt(self, query_length: npt.ArrayLike, gallery_length: npt.ArrayLike) -> Float64:
        """A bound on |computed score − score of the exact distances|, for rows of these lengths.

        A sum of n rounded products has an error of at most γ(n) = n·u/(1 − n·u) times ‖q′‖·‖g′‖, in whatever
        order a library adds and whether or not it uses FMA. Here n is a slice, plus the sums of slices, plus
        a few roundings of the inputs, the gain and the shift; the latter two come from rounded lengths.
        """
        a, b = np.asarray(query_length, np.float64), np.asarray(gallery_length, np.float64)
        slices = -(-self.width // SLICE)
        product = _gamma(min(self.width, SLICE) + slices + 10) * a * b
        square = _gamma(_NORM_SLICE + 10) * b * b / 2
        bound: Float64 = product + square + self._double_doubt(a, b)
        return bound

    def _at_least(self, length: Float64) -> Float64:
        """Lengths that are certainly not too short, also if squares underflowed."""
        lengths: Float64 = length * (1 + 1e-4) + (2 * self.width * _TINY) ** 0.5
        return lengths

    @property
    def _shifted(self) -> bool:
        return self.metric == "euclidean" or self.centre is not None

    def _double_doubt(self, a: Float64, b: Float64) -> Float64:
        """Possible error of double-precision steps (also of the exact distance) and of underflow."""
        cosine = self.metric == "cosine"
        rounding = (self.width + 64) * 2.0**-52 * (a + b) * (a + b + cosine)
        # What underflowed before a row was divided by its length is larger by that factor afterwards.
        bound: Float64 = rounding + (self.width + 10) * _TINY * (_LARGE if cosine else 1.0)
        return bound

    def double(self, raw: Rows) -> Float64:
        """Rows x′ in double precision, with ordinary rounding."""
        if self.metric == "cosine" and raw.dtype != np.float64:
            rows = raw.astype(
                np.float64
            )  # squares of narrower types neither overflow nor underflow in double
            length = np.sqrt(np.vecdot(rows, rows))
            length[length == 0] = 1.0
            rows /= length[..., None]
        else:
            rows = self.exact_rows(raw)
        if self.centre is not None:
            rows -= self.centre
        return rows

    def _lies_ready(self, raw: Rows) -> bool:
        """Rows are multiplied unchanged; cosine scores then lack the division by the query's length."""
        return self.direct and raw.dtype == np.float32

    def _convert(self, raw: Rows) -> Float32:
        if self._lies_ready(raw):
            return np.ascontiguousarray(raw)  # no copy if rows are contiguous
        if (
            self.metric == "euclidean"
            and raw.dtype != np.float64
            and not self.exponent
            and self.centre is None
        ):
            return raw.astype(np.float32)
        rows = np.empty(raw.shape, np.float32)
        for start in range(0, len(raw), _AT_A_TIME):
            rows[start : start + _AT_A_TIME] = self.double(raw[start : start + _AT_A_TIME])
        return rows


def survey(metric: str, query: Features, gallery: Features, block: int) -> Frame:
    """Read all rows once: refuse those that are not finite, and choose scale and centre.

    Raises `InputError` that names the rows.
    """
    spans = [_span(features, block) for features in (query, gallery)]
    low, high = min(low for low, _, _ in spans), max(high for _, high, _ in spans)
    sane = low >= _SMALL and high <= _LARGE
    exponent = 0
    if metric == "euclidean" and high and not 2.0**-20 <= high <= _LARGE:
        exponent = -int(np.frexp(high)[1])
    zeros = any(zeros for _, _, zeros in spans)
    frame = Frame(metric, gallery.width, exponent, None, exponent == 0 if metric == "euclidean" else sane)
    centre = None if metric == "cosine" and zeros else _centre(frame, gallery)
    if centre is None:
        return frame
    return Frame(metric, gallery.width, exponent, centre, False)


def _span(features: Features, block: int) -> tuple[float, float, bool]:
    """Smallest non-zero and largest length of all rows, and whether one is zero."""
    low, high, zeros = np.inf, 0.0, False
    bad: list[Index] = []
    with np.errstate(all="ignore"):
        for start in range(0, features.n, block):
            rows = features.rows(start, min(start + block, features.n))
            lengths = _lengths(rows)
            odd = np.flatnonzero(~((lengths >= _SMALL) & (lengths <= _LARGE)))
            if len(odd):  # too large or small to be squared in their own precision, or zero, or not finite
                wide = rows[odd].astype(np.float64)
                exponent = np.frexp(np.max(np.abs(wide), axis=1, initial=0.0))[1]
                lengths[odd] = np.ldexp(_lengths(np.ldexp(wide, -exponent[:, None])), exponent)
                bad.append(start + np.flatnonzero(~np.isfinite(lengths)))
                zeros = zeros or bool((lengths == 0).any())
            positive = lengths[lengths > 0]
            low, high = min(low, positive.min(initial=np.inf)), max(high, lengths.max(initial=0.0))
            features.forget()
    if bad:
        hint = "Embed these crops again; NaN and infinity come from a model that diverged."
        refuse_rows(
            features.name, np.concatenate(bad), "contains NaN, infinity or a number beyond double", hint
        )
    return low, high, zeros


def _centre(frame: Frame, gallery: Features) -> Float64 | None:
    """A point to subtract, if rows are much closer to it than to the origin."""
    if gallery.n == 0:
        return None
    # Runs of neighbouring rows: single rows would load most of a mapped file into memory.
    starts = np.linspace(0, max(0, gallery.n - _RUN), _RUNS).astype(np.int64)
    runs = [gallery.rows(start, min(start + _RUN, gallery.n)) for start in np.unique(starts).tolist()]
    rows = frame.exact_rows(np.concatenate(runs))
    gallery.forget()
    lengths = _lengths(rows)
    # A few rows of different magnitude must not pull the centre away from the rest.
    centre: Float64 = rows[lengths <= np.median(lengths)].mean(axis=0)
    nearer = np.median(_lengths(rows - centre)) < 0.5 * np.median(lengths)
    return centre if nearer else None


def _lengths(rows: Rows) -> Float64:
    """Euclidean lengths (n,), summed in short slices, so that the precision of the rows suffices."""
    rows = rows.astype(np.float32) if rows.dtype == np.float16 else rows
    whole = rows.shape[1] - rows.shape[1] % _NORM_SLICE
    slices = rows[:, :whole].reshape(len(rows), -1, _NORM_SLICE) if whole else rows[:, None, :0]
    squared = np.vecdot(slices, slices).sum(axis=1, dtype=np.float64)
    squared += np.vecdot(rows[:, whole:], rows[:, whole:])
    lengths: Float64 = np.sqrt(squared)
    return lengths


def _gamma(n: int) -> float:
    return n * _UNIT / (1 - n * _UNIT)
