"""Makes the expected files beside this one with openai-whisper's own writers, from cases.json and options.json.

Run with openai-whisper installed: python crates/undertone/tests/writers/make.py
"""

import io
import json
from pathlib import Path

from whisper.utils import get_writer

here = Path(__file__).parent
cases = json.loads((here / "cases.json").read_text(encoding="utf-8"))
for name, result in cases.items():
    get_writer("all", str(here))(result, f"{name}.wav", {})

# Every combination of options, for the cases with words: a file for each case, its parts headed by options and format.
for name, result in cases.items():
    if not any("words" in segment for segment in result["segments"]):
        continue
    parts = []
    for options in json.loads((here / "options.json").read_text(encoding="utf-8")):
        for extension in ("vtt", "srt"):
            out = io.StringIO()
            get_writer(extension, str(here)).write_result(result, file=out, options=options)
            parts.append({"options": options, "format": extension, "text": out.getvalue()})
    lines = ",\n".join(json.dumps(part) for part in parts)
    (here / f"{name}.options.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")
