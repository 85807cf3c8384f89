"""Serves OpenVINO GenAI's Whisper pipeline. Not its int8 arithmetic: int8 is how the weights are kept."""

import engine

chosen = engine.settings()
engine.limit_threads(chosen.threads)

import openvino_genai

# Without the hint, a processor that multiplies bf16 is given bf16.
hint = {"INFERENCE_PRECISION_HINT": "f32"} if chosen.compute == "float32" else {}
pipeline = openvino_genai.WhisperPipeline(chosen.weights, "CPU", INFERENCE_NUM_THREADS=chosen.threads, **hint)
config = pipeline.get_generation_config()
config.return_timestamps = True
config.do_sample = False
config.num_beams = chosen.beam
if chosen.language:
    config.language = f"<|{chosen.language}|>"


def transcribe(path):
    sound = engine.samples(path)
    result = pipeline.generate(sound, config)
    return result.texts[0], len(sound) / 16000, {}


engine.serve(openvino_genai.__version__.split("-")[0], transcribe)
