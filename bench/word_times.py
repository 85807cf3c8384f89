#!/usr/bin/env python3
"""How far the times of words are from known ones, and times in passing from exact ones. Not how fast they are found.

Times are known of a recording of the manifest (see wer.py) that has beside it a .TextGrid (words), .fragments.json (lines
of text), .segments.tsv (clips that were joined) or .rttm (turns of speakers, no text). Of lines and clips the first word's
start and the last word's end are measured, of turns the nearest; only the known times of words leave out all silence.
Decoding is greedy, without fallback. Prints tables; writes target/bench/word_times.md and .json. Run by an interpreter
that has bench/requirements.txt.
"""

import argparse
import difflib
import json
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import processes
import tables
from engines.engine import limit_threads, samples

# Kinds of sound in a manifest that are not heard: no speech, and what another file says in another format.
LEFT_OUT = ("nonspeech", "format")
# Seconds from a turn's start or end within which a word's belongs to it.
NEAR = 1.0
OPENAI, EXACT, IN_PASS = "openai-whisper", "exact", "in-pass"
NO_VAD = f"{EXACT}, no VAD"
# Our settings; only those without a switch hear the recordings whose times are not known.
OURS = {EXACT: (), IN_PASS: (), NO_VAD: ("--no-vad",)}


def arguments():
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--language", default="en", help="of the recordings, and told to the engines [default: en]")
    parser.add_argument("--threads", type=int, default=2)
    processes.add_arguments(parser)
    return parser.parse_args()


def plain(word):
    """A word without case and signs."""
    return "".join(letter for letter in word.lower() if letter.isalnum())


def listed(asked):
    """The recordings with speech, each with its known times: (kind, [(start, end, words)]) or None."""
    entries = processes.entries(asked.manifest)
    speech = [e["file"] for e in entries if e["language"] == asked.language and e.get("kind") not in LEFT_OUT]
    return {asked.manifest.parent / name: known(asked.manifest.parent / name) for name in speech}


def known(path):
    """The times that the file beside a recording tells."""
    for ending, (kind, read) in KINDS.items():
        if path.with_suffix(ending).exists():
            return kind, read(path.with_suffix(ending).read_text())
    return None


def text_grid(text):
    """The intervals with text of the tier of words, in either spelling of the format."""
    tier = text.split('"words"', 1)[1].split('"IntervalTier"')[0]
    found = re.findall(r'(\d[\d.]*)\s+(?:xmax = )?(\d[\d.]*)\s+(?:text = )?"([^"]+)"', tier)
    return [(float(start), float(end), [word]) for start, end, word in found]


def fragments(text):
    """Lines of text."""
    return [(float(f["begin"]), float(f["end"]), " ".join(f["lines"]).split()) for f in json.loads(text)["fragments"]]


def segments(text):
    """Clips that were joined, with pauses between."""
    rows = [line.split("\t") for line in text.splitlines()[1:]]
    return [(float(row[0]), float(row[1]), row[-1].split()) for row in rows]


def turns(text):
    """Turns of speakers, those that overlap joined."""
    spans = sorted((float(row[3]), float(row[3]) + float(row[4])) for row in map(str.split, text.splitlines()))
    joined = []
    for start, end in spans:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]), [])
        else:
            joined.append((start, end, []))
    return joined


KINDS = {
    ".TextGrid": ("words", text_grid),
    ".fragments.json": ("lines", fragments),
    ".segments.tsv": ("clips", segments),
    ".rttm": ("turns", turns),
}


def timed(result):
    """The words of a result of openai-whisper's shape, as (word, start, end); signs alone are none."""
    words = [(plain(w["word"]), w["start"], w["end"]) for segment in result["segments"] for w in segment.get("words", [])]
    return [word for word in words if word[0]]


def ours(paths, how, flags, asked):
    """What our command finds in each recording."""
    with tempfile.TemporaryDirectory() as folder:
        links = [Path(folder, f"{number}{path.suffix}") for number, path in enumerate(paths)]
        for link, path in zip(links, paths):
            link.symlink_to(path.resolve())
        command = [asked.binary.resolve(), "transcribe", *links, "--model", asked.model, "--language", asked.language, *flags]
        command += [f"--word-timestamps={how}", "--beam-size", "None", "--no-fallback", "--threads", str(asked.threads)]
        subprocess.run([*command, "--output-format", "json", "--output-dir", folder, "--quiet"], check=True)
        return [timed(json.loads(link.with_suffix(".json").read_text())) for link in links]


def openai(paths, asked):
    """What openai-whisper finds in each recording."""
    limit_threads(asked.threads)
    import torch
    import ct2_weights

    torch.set_num_threads(asked.threads)
    # Not from a file of its own format, which does not tell the heads that align.
    model = ct2_weights.load(asked.model)
    options = {"language": asked.language, "temperature": 0.0, "fp16": False, "word_timestamps": True}
    return [timed(model.transcribe(samples(str(path)), **options)) for path in paths]


def matched(one, other):
    """Pairs of places at which two lists have the same words, in order."""
    blocks = difflib.SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks()
    return {block.a + at: block.b + at for block in blocks for at in range(block.size)}


def distances(spans, words):
    """Seconds from each known start, and from each known end, to the word's; those without their word are left out."""
    if not any(span[2] for span in spans):
        nearest = [[min((abs(word[side + 1] - span[side]) for word in words), default=NEAR) for span in spans] for side in (0, 1)]
        return [[far for far in half if far < NEAR] for half in nearest]
    told = [plain(word) for span in spans for word in span[2]]
    places, starts, ends, at = matched(told, [word[0] for word in words]), [], [], 0
    for start, end, own in spans:
        first, last, at = at, at + len(own) - 1, at + len(own)
        starts += [abs(words[places[first]][1] - start)] if first in places else []
        ends += [abs(words[places[last]][2] - end)] if last in places else []
    return [starts, ends]


def summary(starts, ends):
    """Cells: how many, and the median and the 90th percentile of each, in seconds."""
    cells = [str(len(starts)) if len(starts) == len(ends) else f"{len(starts)}, {len(ends)}"]
    for found in (starts, ends):
        ninth = statistics.quantiles(found, n=10, method="inclusive")[8] if len(found) > 1 else None
        cells += [tables.number(statistics.median(found) if found else None, 3), tables.number(ninth, 3)]
    return cells


def markdown(truth, found):
    """Distances from what is known, a line for each kind and row; then of times in passing from exact ones."""
    head = ["matched", "start median s", "90 %", "end median s", "90 %"]
    cells = [["known", "of", "row", *head], ["---"] + ["---:"] + ["---"] + ["---:"] * 5]
    for kind, _ in KINDS.values():
        own = [path for path, told in truth.items() if told and told[0] == kind]
        for row, words in found.items():
            halves = [distances(truth[path][1], words[path.name]) for path in own]
            both = (sum((half[side] for half in halves), []) for side in (0, 1))
            cells.append([kind, str(sum(len(truth[path][1]) for path in own)), row, *summary(*both)])
    parts = tables.lines(cells)
    rows = [["row", "from", *head], ["---"] * 2 + ["---:"] * 5]
    for one, other in ((IN_PASS, EXACT), (EXACT, OPENAI), (NO_VAD, OPENAI)):
        starts, ends = [], []
        for name in found[one].keys() & found[other].keys():
            left, right = found[one][name], found[other][name]
            pairs = matched([word[0] for word in left], [word[0] for word in right]).items()
            starts += [abs(left[a][1] - right[b][1]) for a, b in pairs]
            ends += [abs(left[a][2] - right[b][2]) for a, b in pairs]
        rows.append([one, other, *summary(starts, ends)])
    return "\n".join([*parts, "", *tables.lines(rows)]) + "\n"


def main():
    """Transcribes, compares, prints and writes."""
    asked = arguments()
    asked.python = asked.python or sys.executable
    truth = listed(asked)
    told, found = [path for path, own in truth.items() if own], {}
    for row, flags in OURS.items():
        paths = told if flags else list(truth)
        found[row] = dict(zip((path.name for path in paths), ours(paths, row.split(",")[0], flags, asked)))
    found[OPENAI] = dict(zip((path.name for path in told), openai(told, asked)))
    text = markdown(truth, found)
    asked.out.mkdir(parents=True, exist_ok=True)
    (asked.out / "word_times.md").write_text(text)
    (asked.out / "word_times.json").write_text(json.dumps(found))
    print(text)


if __name__ == "__main__":
    main()
