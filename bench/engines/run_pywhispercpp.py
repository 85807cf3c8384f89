"""Serves whisper.cpp by its Python binding. Not its command line, whose defaults are others."""

import importlib.metadata

import engine

chosen = engine.settings()
engine.limit_threads(chosen.threads)

from pywhispercpp.model import Model

search = {"beam_search": {"beam_size": chosen.beam, "patience": 1.0}} if chosen.beam > 1 else {"greedy": {"best_of": 1}}
model = Model(
    chosen.weights,
    params_sampling_strategy=int(chosen.beam > 1),
    n_threads=chosen.threads,
    language=chosen.language or "auto",
    temperature=0.0,
    temperature_inc=0.0,
    no_context=False,
    suppress_blank=True,
    suppress_nst=True,
    print_progress=False,
    print_realtime=False,
    print_timestamps=False,
    **search,
)


def transcribe(path):
    sound = engine.samples(path)
    # A binding's segments lack the space that parts them, or have it, by version.
    text = " ".join(segment.text.strip() for segment in model.transcribe(sound))
    return text, len(sound) / 16000, {}


engine.serve(importlib.metadata.version("pywhispercpp"), transcribe)
