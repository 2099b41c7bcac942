"""Service catalogue and canned jobs."""
