"""Layout mode: a board's pads, wires and fiducials drawn over the picture."""
