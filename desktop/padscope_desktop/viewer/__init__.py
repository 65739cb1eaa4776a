"""The picture and what lies over it: arrays in, signals out. Knows no project, no panel, no worker."""
