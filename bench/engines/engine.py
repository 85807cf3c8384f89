"""The protocol that the runners share: a line of JSON in, a line of JSON out. Not an engine.

A runner gets its settings as a JSON object in its first argument, loads, and prints {"version", "load_s"}. For each line
of stdin, {"audio": PATH}, it prints {"text", "transcribe_s", "audio_s", "peak_mb"}, or {"error"}. It ends with stdin, so
that a resident process and a fresh one are the same program. What an engine itself prints goes to stderr.
"""

import json
import os
import sys
import time
from types import SimpleNamespace

# Before any engine is imported: importing is a part of loading.
STARTED = time.perf_counter()


def settings():
    """The run's settings.

    model is a CTranslate2 folder, and weights what was derived from it for this engine, or None; threads, beam (1 for
    greedy) and lanes are counts; compute is a precision, or None for what the engine picks; language is a code, or
    None to detect it; defaults is whether the engine's own defaults hold instead of the options that the comparison
    pins; vad is whether to look for speech first; warm_up is a sound file, or None; binary is ours.
    """
    return SimpleNamespace(**json.loads(sys.argv[1]))


def serve(version, transcribe):
    """Answers requests with `transcribe`, a function from a path to (text, seconds of sound or None, own facts)."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def say(**facts):
        print(json.dumps(facts), file=out, flush=True)

    say(version=version, load_s=time.perf_counter() - STARTED)
    for line in sys.stdin:
        started = time.perf_counter()
        try:
            text, audio_s, own = transcribe(json.loads(line)["audio"])
        except Exception as error:
            say(error=str(error) or type(error).__name__)
            continue
        facts = {"transcribe_s": time.perf_counter() - started, "peak_mb": peak_mb(), "audio_s": audio_s, "text": text}
        say(**{**facts, **own})


def peak_mb():
    """The largest resident size of this process so far, in MB of 1e6 bytes."""
    with open("/proc/self/status") as status:
        kib = next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
    return kib * 1024 / 1e6


def samples(path):
    """A sound file as 16 kHz mono f32, rounded to 16 bits on the way as ffmpeg hands it to openai-whisper."""
    import av
    import numpy

    resampler = av.AudioResampler(format="s16", layout="mono", rate=16000)
    blocks = []
    with av.open(path) as container:
        for frame in container.decode(audio=0):
            blocks += [block.to_ndarray().ravel() for block in resampler.resample(frame)]
        blocks += [block.to_ndarray().ravel() for block in resampler.resample(None)]
    return numpy.concatenate(blocks).astype(numpy.float32) / 32768.0


def limit_threads(count):
    """Holds every numeric library to `count` threads; call it before importing any."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS"):
        os.environ[name] = str(count)
