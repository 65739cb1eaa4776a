"""Paper: the pad map as a PDF for people who bond."""

from padscope.reports.pdf import write_pdf

__all__ = ["write_pdf"]
