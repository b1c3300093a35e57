"""Run the units of work of a stage in this process or on Ray. No other package imports Ray."""
