"""Writes what the tests expect: cases/probabilities.json, by the formulas of silero-vad's tinygrad_model.py over the weights
of the same package, in NumPy, and cases/spans.json by faster-whisper. Not run by them.

The package's ONNX and TorchScript models hold other weights than its safetensors file, and give other probabilities.

    pip install safetensors faster-whisper==1.2.1 av
    python crates/vad/tests/make.py
"""

import json
from dataclasses import asdict
from pathlib import Path

import av
import faster_whisper.vad
import numpy as np
from faster_whisper.vad import VadOptions, get_speech_timestamps
from safetensors.numpy import load_file

HERE = Path(__file__).parent
CHUNK = 512
RECORDING = HERE.parents[2] / "tests/audio/sense-and-sensibility.flac"


def recording():
    with av.open(str(RECORDING)) as container:
        frames = [frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)]
    return np.concatenate(frames).astype(np.float32) / np.float32(32768)


def numbers(state):
    """A stream of 24-bit numbers: the test makes the same one."""
    while True:
        state = (state * 1664525 + 1013904223) % (1 << 32)
        yield state >> 8


def noise(count):
    stream = numbers(1)
    values = np.array([next(stream) for _ in range(count)], dtype=np.float32)
    return (values / np.float32(1 << 23) - np.float32(1)) * np.float32(0.25)


def tracks(real):
    """Probabilities of chunks with the length of their sound: stretches of speech, silence and what lies between."""
    yield real, RECORDED_SAMPLES
    for seed in range(1, 9):
        stream, track = numbers(seed), []
        draw = lambda below: next(stream) % below
        while len(track) < 140:
            low, high = [(0, 30), (55, 100), (30, 60), (55, 100), (0, 100)][draw(5)]
            track += [(low + draw(high - low)) / 100 for _ in range(1 + draw([4, 12, 40][draw(3)]))]
        yield track, len(track) * CHUNK - 1 - draw(CHUNK - 1)


OPTIONS = [
    {},
    {"min_silence_duration_ms": 160, "max_speech_duration_s": 3},
    {"min_silence_duration_ms": 100, "speech_pad_ms": 30, "min_speech_duration_ms": 250},
    {"min_silence_duration_ms": 0, "speech_pad_ms": 0},
    {"max_speech_duration_s": 1.7, "speech_pad_ms": 100},
    {"max_speech_duration_s": 0.5},
    {"threshold": 0.7, "neg_threshold": 0.6, "min_silence_duration_ms": 320, "speech_pad_ms": 200},
    {"threshold": 0.1, "min_silence_duration_ms": 500, "max_speech_duration_s": 2.2, "speech_pad_ms": 50},
]


def spans(track, samples, options):
    faster_whisper.vad.get_vad_model = lambda: lambda audio: np.array(track, dtype=np.float32)
    found = get_speech_timestamps(np.zeros(samples, dtype=np.float32), VadOptions(**options))
    return [[span["start"], span["end"]] for span in found]


def case(track, samples):
    every = [{**asdict(VadOptions(**options)), "spans": spans(track, samples, options)} for options in OPTIONS]
    for one in every:
        # JSON has no infinity.
        one["max_speech_duration_s"] = None if one["max_speech_duration_s"] == float("inf") else one["max_speech_duration_s"]
    return {"samples": samples, "probabilities": track, "results": every}


def lines(values):
    return "[\n" + ",\n".join(json.dumps(value, separators=(",", ":")) for value in values) + "\n]\n"


W = load_file(HERE.parent / "weights/silero_vad_16k.safetensors")


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def conv(x, name, stride):
    x = np.pad(x, ((0, 0), (1, 1)))
    steps = range(0, x.shape[1] - 2, stride)
    columns = [np.tensordot(W[name + ".weight"], x[:, i : i + 3], 2) + W[name + ".bias"] for i in steps]
    return np.maximum(np.stack(columns, 1), 0)


def probabilities(sound):
    sound = np.pad(sound, (64, -len(sound) % CHUNK))
    h, c, found = np.zeros(128), np.zeros(128), []
    for at in range(64, len(sound), CHUNK):
        x = np.pad(sound[at - 64 : at + CHUNK], (0, 64), "reflect")
        x = W["stft_conv.weight"][:, 0] @ np.stack([x[i : i + 256] for i in range(0, 385, 128)], 1)
        x = np.sqrt(x[:129] ** 2 + x[129:] ** 2)
        for name, stride in [("conv1", 1), ("conv2", 2), ("conv3", 2), ("conv4", 1)]:
            x = conv(x, name, stride)
        gates = W["lstm_cell.weight_ih"] @ x[:, 0] + W["lstm_cell.bias_ih"]
        gates = gates + W["lstm_cell.weight_hh"] @ h + W["lstm_cell.bias_hh"]
        i, f, g, o = np.split(gates, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        found.append(sigmoid(W["final_conv.weight"][0, :, 0] @ np.maximum(h, 0) + W["final_conv.bias"])[0])
    return found


speech = recording()
RECORDED_SAMPLES = len(speech)
sounds = {"speech": speech, "silence": np.zeros(30_000, dtype=np.float32), "noise": noise(30_000)}
found = {name: [round(float(p), 7) for p in probabilities(sound)] for name, sound in sounds.items()}
(HERE / "cases").mkdir(exist_ok=True)
(HERE / "cases/probabilities.json").write_text(
    "{\n" + ",\n".join(f'"{name}": {json.dumps(values, separators=(",", ":"))}' for name, values in found.items()) + "\n}\n"
)
real = [round(p, 4) for p in found["speech"]]
(HERE / "cases/spans.json").write_text(lines(case(*track) for track in tracks(real)))
