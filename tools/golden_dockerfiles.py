"""Write the golden Dockerfiles of the examples anew: look at the difference before you commit it."""

import runpy
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

if __name__ == "__main__":
    sys.path[:0] = [str(ROOT / "generator"), str(ROOT / "tests")]
    test = runpy.run_path(str(ROOT / "tests" / "unit" / "render" / "test_dockerfile.py"))
    for example in test["EXAMPLES"]:
        for name, text in test["golden"](example).items():
            (test["GOLDEN"] / name).write_text(text, encoding="utf-8")
