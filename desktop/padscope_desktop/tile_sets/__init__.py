"""Tile sets made in the window: chosen, counted, looked at, written."""
