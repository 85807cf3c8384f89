#!/usr/bin/env python3
"""Words that engines lose in quiet and in noisy speech, each with its own defaults. Not how noise is to be taken away.

The English clips of a manifest (see wer.py) are transcribed once far too quiet, and once mixed with what the manifest
calls nonspeech. Prints a table, and both texts of each clip of which ours loses more words; writes target/bench/noise.md
and .json. Run by an interpreter that has bench/requirements.txt.
"""

import argparse
import json
import sys
import tempfile
import wave
from pathlib import Path

import numpy

import processes
import tables
import wer
from engines.engine import samples
from rows import DEFAULT_ROWS, OPENAI, OURS, choose

RATE = 16000
GAIN_DB, SNR_DB = -25, 10


def arguments():
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--clips", type=int, help="how many clips at most [default: all]")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rows", default="undertone; openai-whisper", help="which rows of wer.py [default: undertone; openai-whisper]")
    processes.add_arguments(parser)
    parser.set_defaults(language="en", no_long=True)
    return parser.parse_args()


def noises(manifest):
    """Names and samples of the recordings without speech, in the manifest's order; digital silence is no noise."""
    entries = processes.entries(manifest)
    read = {e["file"]: samples(str(manifest.parent / e["file"])) for e in entries if e.get("kind") == "nonspeech"}
    return [(name, sound) for name, sound in read.items() if numpy.any(sound)]


def quiet(sound, _):
    """The sound at the gain."""
    return sound * 10 ** (GAIN_DB / 20)


def noisy(sound, noise):
    """The sound and the noise, looped or cut to its length, at the ratio of their mean powers; softer where it would clip."""
    noise = numpy.resize(noise, len(sound))
    power, own = numpy.mean(sound.astype(float) ** 2), numpy.mean(noise.astype(float) ** 2)
    mixed = sound + noise * numpy.sqrt(power / own / 10 ** (SNR_DB / 10))
    return mixed / max(1.0, numpy.abs(mixed).max())


CONDITIONS = {f"at {GAIN_DB} dB": quiet, f"noise at {SNR_DB} dB SNR": noisy}


def write(path, sound):
    """A WAV file of 16 bits."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(numpy.clip(numpy.rint(sound * 32768), -32768, 32767).astype("<i2").tobytes())


def made(files, manifest, change, folder):
    """The changed clips, as wer.py lists them. Each takes the next noise in turn."""
    found, changed = noises(manifest), []
    for number, (path, transcript, _) in enumerate(files):
        changed.append((Path(folder, f"{number:03}-{path.stem}.wav"), transcript, False))
        write(changed[-1][0], change(samples(str(path)), found[number % len(found)][1]))
    return changed


def measured(files, asked, rows):
    """What is known after each condition and row: the texts and their scores."""
    facts = {}
    for condition, change in CONDITIONS.items():
        with tempfile.TemporaryDirectory() as folder:
            changed = made(files, asked.manifest, change, folder)
            for row in rows:
                print(condition, file=sys.stderr)
                said = wer.texts(row, changed, asked, asked.python)
                requests = [{"reference": file[1], "base": None, "text": text} for file, text in zip(files, said)]
                scores = processes.scores(requests, asked.python)
                facts.setdefault(condition, {})[row.name] = [dict(score, text=text) for score, text in zip(scores, said)]
                yield facts


def markdown(facts, files, rows):
    """A line for each condition and row, then the clips of which ours loses more words than openai-whisper."""
    cells = [["speech", "engine", "WER %", "errors", "words lost", "clips that lose words"], ["---"] * 2 + ["---:"] * 4]
    for condition, own in facts.items():
        for name, scores in own.items():
            errors, wanted, lost = (sum(score[key] for score in scores) for key in ("errors", "wanted", "lost"))
            clips = sum(score["lost"] > 0 for score in scores)
            cells.append([condition, name, tables.number(100 * errors / wanted, 2), f"{errors} of {wanted}", str(lost), str(clips)])
    parts = tables.lines(cells)
    ours, base = (next((row.name for row in rows if row.runner == runner), None) for runner in (OURS, OPENAI))
    for condition, own in facts.items():
        for (path, transcript, _), mine, theirs in zip(files, own.get(ours, []), own.get(base, [])):
            if mine["lost"] > theirs["lost"]:
                parts += ["", f"{path.name}, {condition}: {ours} loses {mine['lost']}, {base} {theirs['lost']}", ""]
                parts += [f"    {name}: {text.strip()}" for name, text in (("said", transcript), (ours, mine["text"]), (base, theirs["text"]))]
    return "\n".join(parts) + "\n"


def main():
    """Makes the sounds, transcribes, scores, and writes what is known after each engine; prints at the end."""
    asked = arguments()
    asked.python = asked.python or sys.executable
    rows, files = choose(DEFAULT_ROWS, asked.rows), wer.listed(asked)
    asked.out.mkdir(parents=True, exist_ok=True)
    for facts in measured(files, asked, rows):
        text = markdown(facts, files, rows)
        (asked.out / "noise.md").write_text(text)
        (asked.out / "noise.json").write_text(json.dumps({"files": [file[0].name for file in files], "found": facts}, indent=1))
    print(text)


if __name__ == "__main__":
    main()
