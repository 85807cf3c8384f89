"""The table of what is compared: a line is a name, a runner and what it is told. Not the comparison."""

from typing import NamedTuple


class Row(NamedTuple):
    """One engine in one setting."""

    name: str
    runner: str  # a file of bench/engines
    compute: str | None = "float32"  # without one, what the engine picks
    weights: str | None = None  # a kind of weights.py; without one, the CTranslate2 folder itself
    lanes: int = 1
    flags: tuple = ()  # of our command
    defaults: bool = False  # the engine's own, not those that the comparison pins
    vad: bool = False


OURS, OPENAI, FASTER = "run_undertone.py", "run_openai_whisper.py", "run_faster_whisper.py"
OPENVINO, WHISPER_CPP = "run_openvino.py", "run_pywhispercpp.py"

ROWS = (
    Row("undertone f32", OURS),
    Row("undertone bf16", OURS, "bfloat16"),
    Row("undertone int8", OURS, "int8"),
    Row("undertone f32, 8 lanes", OURS, lanes=8),
    Row("undertone bf16, 8 lanes", OURS, "bfloat16", lanes=8),
    Row("undertone int8, 8 lanes", OURS, "int8", lanes=8),
    Row("undertone int8, short form", OURS, "int8", flags=("--short-form",)),
    Row("undertone int8, no pack cache", OURS, "int8", flags=("--pack-cache", "off")),
    Row("openai-whisper f32", OPENAI, weights="openai"),
    Row("faster-whisper float32", FASTER),
    Row("faster-whisper int8", FASTER, "int8"),
    Row("faster-whisper int8, batched 8, VAD", FASTER, "int8", lanes=8),
    Row("OpenVINO GenAI f32", OPENVINO, weights="openvino-f32"),
    Row("OpenVINO GenAI f32 weights", OPENVINO, None, "openvino-f32"),
    Row("OpenVINO GenAI int8 weights", OPENVINO, None, "openvino-int8"),
    Row("pywhispercpp f16", WHISPER_CPP, "float16", "ggml-f16"),
    Row("pywhispercpp q8_0", WHISPER_CPP, "q8_0", "ggml-q8_0"),
)

# What differs in spite of all pinning, for the head of the table.
DIFFERENCES = (
    "faster-whisper batched and OpenVINO GenAI do not condition on previous text",
    "whisper.cpp bounds its loops by entropy, not by compression, and multiplies f16 or q8_0",
    "OpenVINO GenAI multiplies bf16 where the processor does, but for its row f32",
    "OpenVINO GenAI and whisper.cpp get samples read by PyAV",
    "ours is a fresh process for each run, warmed by another file, the others are resident",
)

# The rows of wer.py, each with its own defaults.
DEFAULT_ROWS = (
    Row("undertone", OURS, None, defaults=True),
    Row("undertone, 8 lanes", OURS, None, lanes=8, defaults=True),
    Row("undertone, VAD", OURS, None, flags=("--vad",), defaults=True),
    Row("undertone, 8 lanes, VAD", OURS, None, lanes=8, flags=("--vad",), defaults=True),
    Row("undertone, no VAD", OURS, None, flags=("--no-vad",), defaults=True),
    Row("undertone, 8 lanes, no VAD", OURS, None, lanes=8, flags=("--no-vad",), defaults=True),
    Row("openai-whisper", OPENAI, weights="openai", defaults=True),
    Row("faster-whisper", FASTER, "default", defaults=True),
    Row("faster-whisper, batched 8", FASTER, "default", lanes=8, defaults=True),
)


def choose(rows, asked):
    """Those of `rows` whose names were asked for, in their order; a name ends at a semicolon, since it may have commas."""
    if asked is None:
        return list(rows)
    names = [name.strip() for name in asked.split(";")]
    chosen = [row for row in rows if any(name == row.name or name.endswith("*") and row.name.startswith(name[:-1]) for name in names)]
    if not chosen:
        raise SystemExit(f"no row is named {asked}: there are {'; '.join(row.name for row in rows)}")
    return chosen
