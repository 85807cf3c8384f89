"""Serves openai-whisper in f32. Not its command line: there each run loads anew."""

import shutil

import engine

chosen = engine.settings()
engine.limit_threads(chosen.threads)

import torch
import whisper

torch.set_num_threads(chosen.threads)
model = whisper.load_model(chosen.weights, device="cpu")
options = {
    "temperature": 0.0,
    "beam_size": chosen.beam if chosen.beam > 1 else None,
    "condition_on_previous_text": True,
}
if chosen.defaults:
    # Those of its command line.
    options = {"temperature": (0.0, 0.2, 0.4, 0.6, 0.8, 1.0), "beam_size": 5, "best_of": 5}


def transcribe(path):
    # Its own reader calls ffmpeg, which has ended before memory peaks; where there is none, the samples are read for it.
    sound = whisper.load_audio(path) if shutil.which("ffmpeg") else engine.samples(path)
    result = model.transcribe(sound, language=chosen.language, fp16=False, verbose=None, **options)
    return result["text"], len(sound) / 16000, {}


engine.serve(whisper.__version__, transcribe)
