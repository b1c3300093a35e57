"""Cuts of garments: where they end, how loose they are, what they leave bare.

Heights are fractions of the stature above the hip joint (negative below); eases are metres added to the body.
"""

from __future__ import annotations

from dataclasses import dataclass

from agreid_cli.synth.people.look import Look

#: Numbers of the paints of a person, see paint.py.
SKIN, FACE, HAIR, UPPER, LOWER, SHOE, BAG, HEADWEAR, METAL, TIGHTS = range(10)


@dataclass(frozen=True)
class Top:
    hem: float
    ease_m: float
    sleeve: float  # fraction of the arm that it covers, 1 to the wrist
    flare: float = 0.0  # how much wider the hem is, metres


@dataclass(frozen=True)
class Bottom:
    length: float  # fraction of the leg that it covers; 0: nothing
    ease_m: float
    ankle: float  # radius at the lower end, as a fraction of the stature
    skirt: bool = False


def top(look: Look) -> Top:
    kind, a, b = look.labels["upper"], look.vary[0], look.vary[1]
    return {
        "tshirt": Top(-0.035 - 0.03 * a, 0.012 + 0.014 * b, 0.34 + 0.08 * b),
        "blouse": Top(-0.03 - 0.03 * a, 0.010 + 0.01 * b, (0.2, 0.62, 1.0)[int(a * 2.99)], 0.01),
        "sweater": Top(-0.045 - 0.02 * a, 0.022, 1.0),
        "coat": Top(-0.13 - 0.15 * a, 0.032 + 0.01 * b, 1.0, 0.02),
        "bikini": Top(0.0, 0.004, 0.0),
        "naked": Top(0.0, 0.0, 0.0),
        "dress": Top(-0.2 - 0.2 * a, 0.008, (0.0, 0.25, 0.9)[int(b * 2.99)], 0.05 + 0.08 * b),
        "uniform": Top(-0.05, 0.026, 1.0 if a < 0.6 else 0.36),
        "shirt": Top(-0.05 - 0.02 * a, 0.014, (0.4, 0.66, 1.0, 1.0)[int(b * 3.99)]),
        "suit": Top(-0.09, 0.024, 1.0),
        "hoodie": Top(-0.05 - 0.02 * a, 0.030, 1.0),
        "cardiga": Top(-0.07 - 0.08 * a, 0.020, 1.0),
    }.get(kind, Top(-0.045, 0.014, 0.38))


def bottom(look: Look) -> Bottom:
    kind, a = look.labels["lower"], look.vary[2]
    if look.labels["upper"] == "dress":
        kind = "dress"
    return {
        "jeans": Bottom(1.0, 0.006 + 0.008 * a, 0.027 + 0.01 * a),
        "leggins": Bottom(0.96, 0.002, 0.0215),
        "pants": Bottom(1.0, 0.010 + 0.012 * a, 0.030 + 0.01 * a),
        "shorts": Bottom(0.36 + 0.16 * a, 0.018, 0.05),
        "skirt": Bottom(0.28 + 0.4 * a, 0.012 + 0.03 * look.vary[4], 0.0, skirt=True),
        "bikini": Bottom(0.06, 0.003, 0.05),
        "dress": Bottom(0.0 if look.labels["upper"] == "dress" else 0.5 + 0.3 * a, 0.014, 0.0, skirt=True),
        "uniform": Bottom(1.0, 0.014, 0.036),
        "suit": Bottom(1.0, 0.012, 0.033),
    }.get(kind, Bottom(1.0, 0.012, 0.032))
