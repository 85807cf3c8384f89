"""Serves faster-whisper: one lane is its sequential mode, more are its batched pipeline. Not its command line: it has none."""

import engine

chosen = engine.settings()
engine.limit_threads(chosen.threads)

import faster_whisper

model = faster_whisper.WhisperModel(
    chosen.model,
    device="cpu",
    compute_type=chosen.compute,
    cpu_threads=chosen.threads,
    num_workers=1,
    local_files_only=True,
)
options = {"language": chosen.language}
if not chosen.defaults:
    options |= {"temperature": 0.0, "beam_size": chosen.beam, "best_of": 1, "condition_on_previous_text": True}
if chosen.lanes > 1:
    # It needs voice activity detection to cut the sound, and is without context whatever it is told.
    model = faster_whisper.BatchedInferencePipeline(model)
    options |= {"batch_size": chosen.lanes}
    if not chosen.defaults:
        options |= {"without_timestamps": False}
else:
    options |= {"vad_filter": chosen.vad}


def transcribe(path):
    segments, info = model.transcribe(path, **options)
    # The segments are made as they are asked for.
    return "".join(segment.text for segment in segments), info.duration, {}


engine.serve(faster_whisper.__version__, transcribe)
