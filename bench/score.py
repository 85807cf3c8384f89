"""Word errors of texts against a reference, words as openai-whisper normalises them. Not a recogniser's own score.

Reads a JSON object {"reference": TEXT or null, "texts": {KEY: TEXT}, "base": KEY} from stdin, and prints
{KEY: {"words": N, "errors": N or null, "wer": PERCENT or null, "unlike_base": N}}. Run by the environment that has
openai-whisper in it.
"""

import json
import sys

from whisper.normalizers import EnglishTextNormalizer


def distance(reference, text):
    """The fewest substitutions, insertions and deletions that make one list of words the other."""
    row = list(range(len(text) + 1))
    for number, wanted in enumerate(reference, 1):
        corner, row[0] = row[0], number
        for at, got in enumerate(text, 1):
            best = min(corner + (wanted != got), row[at] + 1, row[at - 1] + 1)
            corner, row[at] = row[at], best
    return row[-1]


def main():
    """Scores what stands on stdin."""
    asked = json.load(sys.stdin)
    normalise = EnglishTextNormalizer()
    words = {key: normalise(text).split() for key, text in asked["texts"].items()}
    reference = normalise(asked["reference"]).split() if asked["reference"] else None
    scores = {}
    for key, said in words.items():
        errors = distance(reference, said) if reference else None
        scores[key] = {
            "words": len(said),
            "errors": errors,
            "wer": 100 * errors / len(reference) if reference else None,
            "unlike_base": distance(words[asked["base"]], said),
        }
    print(json.dumps(scores))


if __name__ == "__main__":
    main()
