"""The registry: quick to list, clear about unknown names."""

import subprocess
import sys

import pytest

from padscope.detectors import registry
from padscope.errors import UsageError


def test_listing_imports_neither_torch_nor_a_detector() -> None:
    code = (
        "import sys; from padscope.detectors import registry; assert registry.DETECTORS;"
        "print(sorted(m for m in sys.modules if m in ('torch', 'timm', 'scipy') or m.startswith('padscope.detectors.p')))"
    )
    seen = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert seen.stdout.strip() == "[]"


def test_an_unknown_name_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(UsageError, match="no detector “psychic”; there are patchcore"):
        registry.detector("psychic")


def test_versions_are_positive() -> None:
    assert set(registry.versions()) == set(registry.DETECTORS)
    assert all(v >= 1 for v in registry.versions().values())
