"""Writes command_lines.json: what openai-whisper's own command line makes of each line of command_lines.txt.

    python make.py            (with openai-whisper installed; no model is loaded)

Each result is what transcribe(), decode() and the writers are handed, read as they read it, or the error that argparse
prints. All but the first hold only what differs from the first, which has no options.
"""

import json
import pathlib
import shlex
import sys
import warnings
from contextlib import redirect_stderr
from io import StringIO
from unittest.mock import MagicMock, patch

import numpy as np
import whisper
from whisper.tokenizer import TO_LANGUAGE_CODE
from whisper.transcribe import cli

HERE = pathlib.Path(__file__).parent


def as_read(options):
    """The options in the types that transcribe() and decode() make of them, and the language as the result names it."""
    language = options["language"]
    options["language_named"] = language
    options["language"] = TO_LANGUAGE_CODE.get(language.lower(), language) if language else None
    tokens, clips = options["suppress_tokens"], options["clip_timestamps"]
    options["suppress_tokens"] = [int(token) for token in tokens.split(",")] if tokens else []
    options["clip_timestamps"] = [float(clip) for clip in clips.split(",")] if clips else []
    options["temperature"] = np.asarray(options["temperature"], dtype=float).tolist()
    return options


def outcome(arguments):
    calls = []

    def transcribe(model, audio, **options):
        calls.append({**as_read(options), "audio": audio})
        return {}

    def write(result, audio, **options):
        calls[-1].update(options)

    said, loaded = StringIO(), MagicMock()
    parts = {"transcribe": transcribe, "get_writer": lambda *_: write}
    with (
        patch.multiple("whisper.transcribe", **parts),
        patch.object(whisper, "load_model", loaded),
        patch("os.makedirs"),
        patch("torch.set_num_threads") as threads,
        patch.object(sys, "argv", ["whisper", *arguments]),
        redirect_stderr(said),
        warnings.catch_warnings(record=True) as warned,
    ):
        warnings.simplefilter("always")
        try:
            cli()
        except SystemExit as end:
            return {"code": end.code, "error": said.getvalue().strip().splitlines()[-1]}
    options = {**calls[0], "audio": [call["audio"] for call in calls], "model": loaded.call_args.args[0]}
    options["threads"] = threads.call_args.args[0] if threads.call_args else None
    return {"options": options, "warnings": [str(warning.message) for warning in warned]}


if __name__ == "__main__":
    lines = [line.strip() for line in (HERE / "command_lines.txt").read_text().splitlines()]
    cases = [shlex.split(line) for line in lines if line and line[0] != "#"]
    cases = [{"args": case, **outcome(case)} for case in cases]
    plain = cases[0]["options"]
    for case in cases[1:]:
        options = case.get("options", {})
        case.update({"options": {k: v for k, v in options.items() if v != plain[k]}} if options else {})
    text = ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases)
    (HERE / "command_lines.json").write_text(f"[\n{text}\n]\n")
