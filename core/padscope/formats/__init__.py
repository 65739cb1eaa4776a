"""Labels in the files of other tools: one module per format, pure reading and writing of masks and class tables."""
