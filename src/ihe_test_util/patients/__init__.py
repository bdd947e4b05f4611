"""Patients as people write them down, to patients as messages carry them."""
