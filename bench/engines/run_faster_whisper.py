"""Runs faster-whisper's sequential mode once and reports. Not its batched mode, and no voice activity detection."""

import time

import engine

chosen = engine.settings()
engine.limit_threads(chosen.threads)
started = time.perf_counter()

import faster_whisper

model = faster_whisper.WhisperModel(
    chosen.model,
    device="cpu",
    compute_type=chosen.compute,
    cpu_threads=chosen.threads,
    num_workers=1,
    local_files_only=True,
)
loaded = time.perf_counter()

segments, info = model.transcribe(
    chosen.audio,
    language=chosen.language,
    temperature=0.0,
    beam_size=chosen.beam,
    best_of=1,
    condition_on_previous_text=True,
    vad_filter=False,
)
# The segments are made as they are asked for.
text = "".join(segment.text for segment in segments)
done = time.perf_counter()
engine.report(
    version=faster_whisper.__version__,
    load_s=loaded - started,
    transcribe_s=done - loaded,
    audio_s=info.duration,
    text=text,
)
