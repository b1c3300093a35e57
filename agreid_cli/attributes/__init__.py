"""15 attribute groups → 88 bits, as data."""
