"""`doctor`: is this computer ready, and is a project sound?"""

from __future__ import annotations

import argparse
from dataclasses import asdict

from padscope.cli.progress import print_json
from padscope.workflows.doctor import examine


def doctor(arguments: argparse.Namespace) -> int:
    checks = examine(arguments.project)
    if arguments.json:
        print_json({"checks": [asdict(c) for c in checks]})
    else:
        for c in checks:
            print(
                f"{c.status:5} {c.name:18} {c.found}"
                + (f"\n{'':24} → {c.remedy}" if c.status != "ok" and c.remedy else "")
            )
    return 1 if any(c.status == "fail" for c in checks) else 0
