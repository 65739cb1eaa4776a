"""Errors that say what is wrong and what to do.

Two families: the world's fault (`InputError` and its children: shown to the user as one sentence, exit status 1) and wrong
usage of the program (`UsageError`, exit status 2). Anything else that escapes is a bug of ours and keeps its traceback.
"""


class PadscopeError(Exception):
    """One clear sentence for a person: what is wrong, and what to do about it."""

    exit_status = 1


class UsageError(PadscopeError):
    """The program was asked for something it does not know: an option, a setting, a name."""

    exit_status = 2


class InputError(PadscopeError):
    """Something the program was given cannot be used."""


class PictureError(InputError):
    """A picture cannot be read, or is not what its name says."""


class TooLargeError(PictureError):
    """A picture declares more pixels than the limit, which a person may raise; `megapixels` is what it takes."""

    def __init__(self, sentence: str, megapixels: int) -> None:
        super().__init__(sentence)
        self.megapixels = megapixels


class LayoutError(InputError):
    """A layout contradicts itself or cannot be read."""


class SerialError(InputError):
    """What was typed, scanned or found in a file name is no serial number."""


class PoseError(InputError):
    """The board was not found in the picture, or not well enough to be trusted."""


class DetectorError(InputError):
    """Tiles that a detector cannot learn from or cannot score."""


class DeviceError(DetectorError):
    """The GPU cannot do what it was asked for; the CPU can."""


class CalibrationError(InputError):
    """Scores that cannot carry a threshold."""


class ModelError(InputError):
    """A model file is damaged, foreign, or made by another version."""


class RulesError(InputError):
    """Rules that cannot be read, or name what does not exist."""


class PadMapError(InputError):
    """A pad map or bond map cannot be read back."""


class StoreError(InputError):
    """A project file cannot be opened, or not written."""


class OutputError(InputError):
    """A result cannot be written where it was asked for."""


class Cancelled(PadscopeError):
    """A person stopped the work; nothing half-written is left."""

    exit_status = 130
