"""Makes the expected files beside this one with openai-whisper's own writers, from cases.json.

Run with openai-whisper installed: python crates/undertone/tests/writers/make.py
"""

import json
from pathlib import Path

from whisper.utils import get_writer

here = Path(__file__).parent
for name, result in json.loads((here / "cases.json").read_text(encoding="utf-8")).items():
    get_writer("all", str(here))(result, f"{name}.wav", {})
