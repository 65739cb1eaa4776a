"""`padscope …`: the second front end, proof that the first is optional. The contract is in the README's words."""

from padscope.cli.main import main

__all__ = ["main"]
