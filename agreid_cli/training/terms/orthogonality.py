"""VDT's orthogonality between the view-free feature and the view feature."""

from __future__ import annotations

from torch import Tensor, nn

from agreid_cli.nn.heads.view_free import FREE_FEATURE, VIEW_FEATURE
from agreid_cli.nn.losses.orthogonality import orthogonality
from agreid_cli.nn.outputs import HeadOutput
from agreid_cli.training.batch import Batch


class Orthogonality(nn.Module):
    """Mean of |cos| between the two features of each crop."""

    of_method = True

    def forward(self, out: HeadOutput, batch: Batch) -> Tensor:
        return orthogonality(out.extra[FREE_FEATURE], out.extra[VIEW_FEATURE])
