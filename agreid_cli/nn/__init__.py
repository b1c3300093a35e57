"""Networks: backbones, heads, losses and weights. Torch only: no configuration, no printing."""
