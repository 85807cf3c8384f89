"""Serves the release binary of this repository, a process for each request. Not the library: the command is measured.

In the process of a request the warm-up comes first, so that what is measured is warm, as it is in a resident process.
"""

import glob
import json
import os
import subprocess
import tempfile
import time

import engine

# The command's names of precisions.
COMPUTE = {"float32": "f32", "bfloat16": "bf16", "int8": "int8"}

chosen = engine.settings()


def flags():
    """What is asked for beyond the model, as the command that measures parity (`whisper`) spells it."""
    pairs = [("--threads", chosen.threads)]
    if chosen.compute:
        pairs.append(("--compute", COMPUTE[chosen.compute]))
    if chosen.lanes > 1:
        pairs.append(("--batch_size", chosen.lanes))
    if chosen.language:
        pairs.append(("--language", chosen.language))
    if not chosen.defaults:
        pairs += [("--temperature", 0), ("--temperature_increment_on_fallback", "None")]
        pairs.append(("--beam_size", chosen.beam if chosen.beam > 1 else "None"))
    return [str(word) for pair in pairs for word in pair] + list(chosen.flags)


def command(folder, audio):
    """The whole command. `transcribe` stands in where our defaults are asked for, or `whisper` has not the flag."""
    words, parity = flags(), not chosen.defaults and not chosen.flags and chosen.lanes == 1
    if parity:
        return [chosen.binary, "whisper", *audio, "--model", chosen.model, "--output_format", "json", "--output_dir", folder, *words]
    words = [word.replace("_", "-") if word.startswith("--") else word for word in words]
    head = [chosen.binary, "transcribe", *audio, "--model", chosen.model, "--output-format", "json", "--output-dir", folder]
    return head + words + ([] if chosen.defaults else ["--no-protections", "--no-vad"])


def run(audio):
    """The results of one process over some files, with its seconds and its peak."""
    with tempfile.TemporaryDirectory() as folder:
        links = []
        for number, path in enumerate(audio):
            links.append(os.path.join(folder, f"{number}{os.path.splitext(path)[1]}"))
            os.symlink(os.path.abspath(path), links[-1])
        started = time.perf_counter()
        with tempfile.TemporaryFile("w+") as errors:
            process = subprocess.Popen(command(folder, links), stdout=subprocess.DEVNULL, stderr=errors)
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = status
            errors.seek(0)
            said = errors.read().strip()
        seconds = time.perf_counter() - started
        if status != 0:
            raise RuntimeError(said.split("\n\n")[0].removeprefix("error: ") or f"ended with status {status}")
        results = [json.load(open(path)) for path in sorted(glob.glob(os.path.join(folder, "*.json")))]
    return results, seconds, used.ru_maxrss * 1024 / 1e6


def transcribe(path):
    results, seconds, peak_mb = run([file for file in (chosen.warm_up, path) if file])
    timings = results[-1].get("run", {}).get("timings", {})
    # Without timings the whole process stands for it, which is to our disadvantage.
    facts = {"load_s": timings.get("load_s"), "transcribe_s": timings.get("transcribe_s", seconds), "peak_mb": peak_mb}
    if not chosen.warm_up:
        facts["process_s"] = seconds
    return results[-1]["text"], results[-1].get("duration"), facts


version = subprocess.run([chosen.binary, "--version"], capture_output=True, text=True, check=True).stdout.split()[-1]
engine.serve(version, transcribe)
