"""The table of what is compared: a line is a name, a runner and what it is told. Not the comparison."""

from typing import NamedTuple


class Row(NamedTuple):
    """One engine in one setting."""

    name: str
    runner: str  # a file of bench/engines
    compute: str = "float32"
    beam: int = 1


ROWS = (
    Row("undertone f32", "run_undertone.py"),
    Row("openai-whisper f32", "run_openai_whisper.py"),
    Row("faster-whisper float32", "run_faster_whisper.py"),
)
