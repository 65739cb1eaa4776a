"""Padscope: from a microscope's picture of a board to a pad map the bonding team can use."""

__version__ = "0.1.0"
