"""What is said of strokes that could not be stored."""

from __future__ import annotations

from padscope_desktop.quantities import count


def them(n: int) -> str:
    return "it" if n == 1 else "them"


def closing_words(n: int, elsewhere: int, *, safe: bool, refused: bool) -> tuple[str, str]:
    """Headline and text before the window closes with `n` strokes not stored, `elsewhere` of them another project's. `safe`: they
    stand in a journal; `refused`: the disk did not take them."""
    what = f"{count(n, 'stroke')} could not be saved. Closing now loses {them(n)}."
    if safe:
        kept = f"keeps {them(n)} in a file beside the project, which takes {them(n)} in when it is opened again."
        what = f"{count(n, 'stroke')} could not be saved. Closing now {kept}"
    texts = ["Free some space on the disk, or connect it again."] if refused else []
    if elsewhere:
        theirs = f"{count(elsewhere, 'stroke')} belong{'s' if elsewhere == 1 else ''} to another project;"
        texts.append(f"{theirs} open that one again to save {them(elsewhere)}.")
    return what, " ".join(texts)
