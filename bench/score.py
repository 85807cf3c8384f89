"""Word errors of texts against a reference, words as openai-whisper normalises them. Not a recogniser's own score.

Reads a list of JSON objects {"reference": TEXT or null, "base": TEXT or null, "text": TEXT} from stdin, and prints for
each {"words", "errors", "wanted", "lost", "unlike_base", "pairs": [[words of base, words of text], ...]}; lost are the
deletions of the reference's words. Run by the environment that has openai-whisper in it.
"""

import difflib
import json
import sys

from whisper.normalizers import EnglishTextNormalizer


def distance(reference, text):
    """The fewest substitutions, insertions and deletions that make one list of words the other, and then the fewest deletions."""
    row = [(number, 0) for number in range(len(text) + 1)]
    for number, wanted in enumerate(reference, 1):
        corner, row[0] = row[0], (number, number)
        for at, got in enumerate(text, 1):
            steps = ((corner, wanted != got, 0), (row[at], 1, 1), (row[at - 1], 1, 0))
            corner, row[at] = row[at], min((errors + more, lost + gone) for (errors, lost), more, gone in steps)
    return row[-1]


def pairs(base, text):
    """Stretches of words that differ, as pairs of strings."""
    matcher = difflib.SequenceMatcher(None, base, text, autojunk=False)
    return [
        [" ".join(base[a:b]), " ".join(text[c:d])] for tag, a, b, c, d in matcher.get_opcodes() if tag != "equal"
    ]


def main():
    """Scores what stands on stdin."""
    normalise, scores, known = EnglishTextNormalizer(), [], {}
    for asked in json.load(sys.stdin):
        said = normalise(asked["text"]).split()
        reference, base = (normalise(asked[key]).split() if asked[key] is not None else None for key in ("reference", "base"))
        # Equal texts are scored once.
        key = json.dumps([said, reference, base])
        if key not in known:
            errors, lost = (None, None) if reference is None else distance(reference, said)
            known[key] = {
                "words": len(said),
                "errors": errors,
                "lost": lost,
                "wanted": None if reference is None else len(reference),
                "unlike_base": None if base is None else distance(base, said)[0],
                "pairs": [] if base is None else pairs(base, said),
            }
        scores.append(known[key])
    print(json.dumps(scores))


if __name__ == "__main__":
    main()
