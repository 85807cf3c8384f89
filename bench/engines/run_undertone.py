"""Runs the release binary of this repository once and reports. Not the library: what is measured is the command."""

import glob
import json
import os
import subprocess
import tempfile
import time

import engine

# The command's names of precisions.
COMPUTE = {"float32": "f32"}

chosen = engine.settings()
binary = os.path.join(chosen.target, "release", "undertone")
with tempfile.TemporaryDirectory() as folder:
    command = [binary, "whisper", chosen.audio, "--model", chosen.model, "--threads", str(chosen.threads)]
    command += ["--temperature", "0", "--temperature_increment_on_fallback", "None"]
    command += ["--beam_size", str(chosen.beam) if chosen.beam > 1 else "None"]
    command += ["--output_format", "json", "--output_dir", folder]
    if chosen.compute != "float32":
        command += ["--compute", COMPUTE[chosen.compute]]
    if chosen.language:
        command += ["--language", chosen.language]
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process_s = time.perf_counter() - started
    if status != 0:
        raise SystemExit(f"{' '.join(command)} ended with status {status}")
    (path,) = glob.glob(os.path.join(folder, "*.json"))
    with open(path) as file:
        result = json.load(file)

version = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout.split()[-1]
timings = result.get("run", {}).get("timings", {})
engine.report(
    version=version,
    load_s=timings.get("load_s"),
    # Without timings the whole process stands for it, which is to our disadvantage.
    transcribe_s=timings.get("transcribe_s", process_s),
    process_s=process_s,
    peak_mb=used.ru_maxrss * 1024 / 1e6,
    text=result["text"],
)
