"""Writes runs.json: what openai-whisper's command line makes of each line of runs.txt.

    python runs.py MODEL_FOLDER        (a CTranslate2 folder of the model base; openai-whisper and av installed)
"""

import contextlib
import io
import json
import pathlib
import shlex
import sys
import tempfile
from unittest.mock import patch

import torch
import whisper
from faster_whisper.audio import decode_audio
from whisper.transcribe import cli

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parents[4]
sys.path.insert(0, str(ROOT / "bench"))

import ct2_weights  # noqa: E402

# What every run has: no draws, and no warning.
ALWAYS = ["--temperature_increment_on_fallback", "None", "--fp16", "False", "--model", "base"]


def recording(name):
    return "sense-and-sensibility" if name == "all" else f"sense-and-sensibility-{name}"


def run(model, name, recording, options):
    with tempfile.TemporaryDirectory() as folder:
        said = io.StringIO()
        path = str(ROOT / f"tests/audio/{recording}.flac")
        with (
            patch.object(whisper, "load_model", lambda *_, **__: model),
            patch("whisper.audio.load_audio", lambda file: decode_audio(file)),
            patch.object(sys, "argv", ["whisper", path, "--output_dir", folder, *ALWAYS, *options]),
            contextlib.redirect_stdout(said),
        ):
            cli()
        read = {path.suffix[1:]: path.read_text() for path in pathlib.Path(folder).iterdir()}
    read["json"] = json.loads(read["json"])
    files = {format: read[format] for format in ("json", "srt", "vtt")}
    return {"name": name, "audio": recording, "options": [*ALWAYS, *options], "stdout": said.getvalue(), "files": files}


if __name__ == "__main__":
    torch.set_num_threads(2)
    model = ct2_weights.load(sys.argv[1])
    lines = [shlex.split(line) for line in (HERE / "runs.txt").read_text().splitlines() if line[:1] not in ("", "#")]
    runs = [run(model, name, recording(audio), options) for name, audio, *options in lines]
    text = ",\n".join(json.dumps(run, ensure_ascii=False) for run in runs)
    (HERE / "runs.json").write_text(f"[\n{text}\n]\n")
