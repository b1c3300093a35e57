"""Loss functions on tensors. The table of loss terms is `training/terms`."""
