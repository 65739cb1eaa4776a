"""Paper: the pad map as a PDF for people who bond, and what changed between two of them."""

from padscope.reports.changes import write_changes_pdf
from padscope.reports.pdf import write_pdf

__all__ = ["write_changes_pdf", "write_pdf"]
