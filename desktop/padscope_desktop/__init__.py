"""The window: shows what `padscope` computes, in the words of `design/product`. No torch ever enters this process."""

from padscope_desktop.immortals import make_constants_immortal

make_constants_immortal()
