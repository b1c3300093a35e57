"""Networks: backbones, heads, losses and weights. Only torch: no configuration, no printing."""
