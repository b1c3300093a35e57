"""The figure of one person at one moment: body, clothes, hair, shoes and bag as one mesh."""

from __future__ import annotations

from functools import lru_cache

from agreid_cli.synth.draw.mesh import Lofts, Mesh
from agreid_cli.synth.people import head, limbs, luggage, trunk
from agreid_cli.synth.people.body import pose, proportions
from agreid_cli.synth.people.look import Look


@lru_cache(maxsize=64)
def figure(look: Look, phase: float, speed: float) -> Mesh:
    """The mesh in the person's own frame (x ahead, y left, z up, metres, z = 0 the ground).

    The result is cached, so do not modify it: the same moment is requested often, for the box and for each
    crop in which the person is a neighbour.
    """
    size, now, lofts = proportions(look), pose(look, phase, speed), Lofts()
    for side in (0, 1):
        limbs.leg(lofts, look, now, side, size)
        limbs.foot(lofts, look, now, side, size)
        limbs.arm(lofts, look, now, side, size)
    trunk.trunk(lofts, look, now, size)
    head.head(lofts, look, now, size)
    luggage.luggage(lofts, look, now, size)
    return lofts.mesh()
