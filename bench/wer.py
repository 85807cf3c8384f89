#!/usr/bin/env python3
"""Word errors of every engine with its own defaults, over the English clips of a manifest and a long file. Not times.

A manifest is a tab-separated file whose head names the columns file, language and transcript; files are beside it.
Prints a table, and the words in which each engine differs from openai-whisper; writes target/bench/wer.md and .json.
"""

import argparse
import json
import sys
from pathlib import Path

import processes
import tables
from processes import Absent, Engine
from rows import DEFAULT_ROWS, OPENAI, choose

# Kinds of sound in a manifest whose transcript is no measure: several speakers at once, and no speech.
LEFT_OUT = ("multispeaker", "nonspeech")


def arguments():
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--language", default="en", help="of the clips, and told to the engines [default: en]")
    parser.add_argument("--clips", type=int, help="how many clips at most [default: all]")
    parser.add_argument("--no-long", action="store_true", help="leave out what the manifest calls long")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rows", help=f"which, separated by semicolons [default: all: {'; '.join(r.name for r in DEFAULT_ROWS)}]")
    processes.add_arguments(parser)
    return parser.parse_args()


def listed(asked):
    """Pairs of a file and its transcript: all clips, then what is long."""
    entries = processes.entries(asked.manifest)
    known = [e for e in entries if e["language"] == asked.language and e.get("transcript") and e.get("kind") not in LEFT_OUT]
    long = [] if asked.no_long else [e for e in known if e.get("kind") == "long"]
    clips = [e for e in known if e.get("kind") != "long"][: asked.clips]
    return [(asked.manifest.parent / e["file"], e["transcript"], e in long) for e in clips + long]


def texts(row, files, asked, python):
    """What a row says of each file."""
    told = processes.settings(row, asked, python, threads=asked.threads, beam=5, warm_up=None)
    engine = Engine(row, told, python, asked.limit)
    said = []
    try:
        for number, (path, _, _) in enumerate(files, 1):
            said.append(engine.ask(path)["text"])
            print(f"{row.name}: {number}/{len(files)}", end="\r", file=sys.stderr, flush=True)
    finally:
        engine.close()
    print(file=sys.stderr)
    return said


def count(scores, files, long):
    """Errors and words of the reference over the clips, or over the long files."""
    own = [score for score, file in zip(scores, files) if file[2] == long]
    return sum(score["errors"] for score in own), sum(score["wanted"] for score in own)


def markdown(rows, found, absent, files):
    """A line for each row, then the pairs of differing words."""
    cells = [["engine", "WER % of clips", "errors", "WER % of long", "errors", "words unlike openai-whisper"]]
    cells.append(["---"] + ["---:"] * 5)
    for row in rows:
        if row.name in absent:
            cells.append([row.name, f"absent: {tables.one_line(absent[row.name])}", "", "", "", ""])
            continue
        line = [row.name]
        for errors, wanted in (count(found[row.name], files, long) for long in (False, True)):
            line += [tables.number(100 * errors / wanted if wanted else None, 2), f"{errors} of {wanted}"]
        unlike = [score["unlike_base"] for score in found[row.name]]
        cells.append(line + ["-" if None in unlike else str(sum(unlike))])
    parts = tables.lines(cells)
    for row in rows:
        for score, (path, _, _) in zip(found.get(row.name, []), files):
            if score["pairs"]:
                parts += ["", f"{path.name}, openai-whisper / {row.name}:", "", *("  " + line for line in tables.pairs(score["pairs"]))]
    return "\n".join(parts) + "\n"


def main():
    """Transcribes, scores, prints and writes."""
    asked = arguments()
    rows, files = choose(DEFAULT_ROWS, asked.rows), listed(asked)
    python = processes.environment(asked.python)
    said, absent = {}, {}
    for row in rows:
        try:
            said[row.name] = texts(row, files, asked, python)
        except Absent as reason:
            absent[row.name] = str(reason)
            print(f"{row.name}: {reason}", file=sys.stderr)
    base = next((said[row.name] for row in rows if row.runner == OPENAI and row.name in said), [None] * len(files))
    found = {}
    for name, own in said.items():
        requests = [{"reference": file[1], "base": b, "text": text} for file, b, text in zip(files, base, own)]
        found[name] = processes.scores(requests, python)
    asked.out.mkdir(parents=True, exist_ok=True)
    text = markdown(rows, found, absent, files)
    (asked.out / "wer.md").write_text(text)
    facts = {"files": [str(file[0].name) for file in files], "texts": said, "scores": found, "absent": absent}
    (asked.out / "wer.json").write_text(json.dumps(facts, indent=1))
    print(text)


if __name__ == "__main__":
    main()
