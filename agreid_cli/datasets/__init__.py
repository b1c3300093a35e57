"""Public data sets → rows, one file each."""
