"""Runs openai-whisper once, in f32, and reports. Not its command line: the model comes from a CTranslate2 folder."""

import shutil
import time

import engine

chosen = engine.settings()
engine.limit_threads(chosen.threads)
started = time.perf_counter()

import torch
import whisper

import ct2_weights

if chosen.compute != "float32":
    raise SystemExit(f"openai-whisper on a CPU computes in float32, not in {chosen.compute}")
torch.set_num_threads(chosen.threads)
model = ct2_weights.load(chosen.model)
loaded = time.perf_counter()

# Its own reader calls ffmpeg; where there is none, the samples are read for it.
sound = whisper.load_audio(chosen.audio) if shutil.which("ffmpeg") else engine.samples(chosen.audio)
result = model.transcribe(
    sound,
    language=chosen.language,
    temperature=0.0,
    beam_size=chosen.beam if chosen.beam > 1 else None,
    condition_on_previous_text=True,
    fp16=False,
    verbose=None,
)
done = time.perf_counter()
engine.report(
    version=whisper.__version__,
    load_s=loaded - started,
    transcribe_s=done - loaded,
    audio_s=len(sound) / 16000,
    text=result["text"],
)
