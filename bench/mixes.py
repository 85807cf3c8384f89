#!/usr/bin/env python3
"""Long recordings out of the clips of a manifest (see wer.py), in random orders, and a manifest of them for `undertone eval`.

In a long recording each window is decoded with the text of the one before, so that one near tie can cost or spare many
words: one recording says little of a precision, these say more. Prints how to count. Not a test of how speakers are told
apart: each speaks for a few seconds. Run by an interpreter that has bench/requirements.txt.
"""

import argparse
import random
from pathlib import Path

import numpy

import noise
import wer
from engines.engine import samples

PAUSE = noise.RATE * 2 // 5


def arguments():
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("folder", type=Path, help="where they go")
    parser.add_argument("--orders", type=int, default=6, help="how many recordings, all clips in each [default: 6]")
    parser.set_defaults(language="en", clips=None, no_long=True)
    return parser.parse_args()


def main():
    """Writes the recordings and their manifest."""
    asked = arguments()
    asked.folder.mkdir(parents=True, exist_ok=True)
    clips = [(samples(str(path)), " ".join(text.split())) for path, text, _ in wer.listed(asked)]
    pause = numpy.zeros(PAUSE, numpy.float32)
    lines = ["file\tlanguage\ttranscript"]
    for order in range(asked.orders):
        mixed = random.Random(order).sample(clips, len(clips))
        name = f"mix{order}.wav"
        noise.write(asked.folder / name, numpy.concatenate([part for sound, _ in mixed for part in (sound, pause)]))
        lines.append(f"{name}\t{asked.language}\t{' '.join(text for _, text in mixed)}")
    manifest = asked.folder / "mixes.tsv"
    manifest.write_text("\n".join(lines) + "\n")
    print(f"undertone eval {manifest} --compute int8; undertone eval {manifest} --compute f32")


if __name__ == "__main__":
    main()
