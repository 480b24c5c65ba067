"""Output formats of `check`, and what a report is made of."""
