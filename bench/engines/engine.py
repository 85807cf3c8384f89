"""What the runners share: their settings in, their report out, sound for those that can't read a file. Not an engine."""

import json
import os
import sys
from types import SimpleNamespace


def settings():
    """The run's settings, a JSON object in the first argument.

    audio and model are paths (the model is a CTranslate2 folder); threads and beam are counts; compute is a
    precision; language is a code, or None to detect it.
    """
    return SimpleNamespace(**json.loads(sys.argv[1]))


def report(**facts):
    """Prints the run's report, the last line of stdout.

    Facts: version; text; load_s, until the model is ready; transcribe_s, from the path of the sound to the text
    (None where the engine does not tell them apart); audio_s. Added: peak_mb, unless given.
    """
    print(json.dumps({"peak_mb": peak_mb(), **facts}), flush=True)


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
