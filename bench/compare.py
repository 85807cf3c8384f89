#!/usr/bin/env python3
"""Undertone beside its rivals: time, memory and words, in interleaved runs. Not a benchmark of kernels.

Temperature 0 without fallback, conditioned on previous text where an engine can, timestamps on, no voice activity
detection unless the row says so. For each file, thread count and search, the engines stay resident and are asked in
turn; a short file is also given to a fresh process each round. The first use makes an environment with the rivals, and
their weights from MODEL. Needs `cargo build --release -p cli` first. Writes target/bench/compare.md, .svg and .json.
"""

import argparse
import json
import os
import platform
import shlex
import statistics
import sys
from contextlib import ExitStack
from pathlib import Path

import chart
import processes
import tables
from processes import Absent, Engine
from rows import DIFFERENCES, OPENAI, OURS, ROWS, choose

# Files longer than this get no fresh process: there the start is nothing beside the transcription.
SHORT_S = 60.0


def arguments():
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", type=Path, help="a clip; also what warms the engines up")
    parser.add_argument("--long", type=Path, help="a recording of minutes, for figures that mean something")
    parser.add_argument("--audio", help="which of them to measure: short, long [default: those given]")
    parser.add_argument("--language", help="a code, such as en [default: every engine detects it]")
    parser.add_argument("--threads", default="2", help="counts, such as 1,2 [default: 2]")
    parser.add_argument("--beam", default="0,5", help="sizes of the search, 0 for greedy [default: 0,5]")
    parser.add_argument("--runs", type=int, default=5, help="rounds; medians are shown [default: 5]")
    names = "; ".join(row.name for row in ROWS)
    parser.add_argument("--rows", help=f"which, separated by semicolons, * ends a beginning [default: all: {names}]")
    parser.add_argument("--against", help="the row that ratios are to [default: our fastest whose words are as good as our f32's]")
    parser.add_argument("--no-fresh", action="store_true", help="leave out the fresh processes")
    parser.add_argument("--differences", action="store_true", help="print the words in which ours and openai-whisper differ")
    processes.add_arguments(parser)
    asked = parser.parse_args()
    names = asked.audio.split(",") if asked.audio else [name for name in ("short", "long") if getattr(asked, name)]
    asked.files = [getattr(asked, name, None) for name in names]
    if not asked.files or None in asked.files:
        parser.error("no file to measure: give --short FILE, --long FILE or both")
    return asked


def cases(asked):
    """Every file with every thread count and search."""
    for audio in asked.files:
        for threads in map(int, asked.threads.split(",")):
            for beam in (max(1, int(size)) for size in asked.beam.split(",")):
                yield {"audio": audio, "threads": threads, "beam": beam}


def measure(case, rows, asked, python):
    """The runs of one case and the reasons of the rows that have none. Rounds start with another row each."""
    runs, absent, engines, told = [], {}, {}, {}
    with ExitStack() as stack:
        for row in rows:
            try:
                warm_up = str(asked.short.resolve()) if asked.short else None
                told[row.name] = processes.settings(row, asked, python, threads=case["threads"], beam=case["beam"], warm_up=warm_up)
                engine = Engine(row, told[row.name], python, asked.limit)
                stack.callback(engine.close)
                if asked.short:
                    engine.ask(asked.short)
                engines[row.name] = engine
            except Absent as reason:
                absent[row.name] = str(reason)
            say(case, row, absent.get(row.name, "ready"))
        present = [row for row in rows if row.name in engines]
        for number in range(asked.runs):
            first = number % max(1, len(present))
            for row in present[first:] + present[:first]:
                if row.name in absent:
                    continue
                try:
                    run = engines[row.name].ask(case["audio"])
                    if not asked.no_fresh and (run["audio_s"] or 0) <= SHORT_S:
                        run["process_s"] = fresh(row, told[row.name], case, asked, python)
                    runs.append({"row": row.name, "round": number, **run})
                    said = f"{run['transcribe_s']:.2f} s, {run['peak_mb']:.0f} MB, others took {100 * run['others']:.0f} %"
                except Absent as reason:
                    absent[row.name] = said = str(reason)
                say(case, row, f"round {number + 1}/{asked.runs}: {said}")
    return [run for run in runs if run["row"] not in absent], absent


def fresh(row, told, case, asked, python):
    """Seconds of a process that loads, transcribes once and ends; its files are in the page cache by then."""
    engine = Engine(row, {**told, "warm_up": None}, python, asked.limit)
    try:
        answer = engine.ask(case["audio"])
    finally:
        seconds = engine.close()
    # Our command is a process of its own, and what starts it is none of its cost.
    return answer.get("process_s") or seconds


def say(case, row, what):
    """One line of progress."""
    print(f"{title(case)}, {row.name}: {what}", file=sys.stderr, flush=True)


def title(case):
    """A case in words."""
    search = "greedy" if case["beam"] == 1 else f"beam {case['beam']}"
    return f"{case['audio'].name}, {search}, {case['threads']} thread{'s' if case['threads'] > 1 else ''}"


def summarise(case, rows, runs, absent):
    """A line for each row: medians over its runs, or why it has none."""
    lines = []
    for row in rows:
        own = [run for run in runs if run["row"] == row.name]
        if not own:
            lines.append({"row": row.name, "absent": absent.get(row.name, "not run")})
            continue
        line = {"row": row.name, "version": own[0]["version"], "text": own[0]["text"], "runs": own}
        line["texts"] = len({run["text"] for run in own})
        for fact in ("load_s", "transcribe_s", "process_s", "peak_mb"):
            values = [run[fact] for run in own if run.get(fact) is not None]
            line[fact] = statistics.median(values) if values else None
        lines.append(line)
    return lines


def score(lines, rows, audio, python):
    """Adds words, errors against the reference, and unlikeness to openai-whisper's text."""
    present = [line for line in lines if "text" in line]
    base = next((line["text"] for line, row in zip(lines, rows) if row.runner == OPENAI and "text" in line), None)
    wanted = processes.reference(audio)
    requests = [{"reference": wanted, "base": base, "text": line["text"]} for line in present]
    for line, found in zip(present, processes.scores(requests, python)):
        line.update(found, wer=None if found["errors"] is None else 100 * found["errors"] / found["wanted"])


def against(lines, rows, asked):
    """The line that ratios are to: of ours with one lane, the fastest whose words are no worse than those of our first."""
    present = [line for line in lines if "text" in line]
    named = [line for line in present if line["row"] == asked]
    mine = {row.name for row in rows if row.runner == OURS and row.lanes == 1 and not row.flags}
    ours = [line for line in present if line["row"] in mine]
    worth = lambda line: line["unlike_base"] if line["errors"] is None else line["errors"]
    best = [line for line in ours if worth(line) is None or worth(line) <= worth(ours[0])]
    if named or best or present:
        return (named or sorted(best, key=lambda line: line["transcribe_s"]) or present)[0]
    return None


def relate(lines, base):
    """Adds ratios to `base`, pair by pair of the same round, and their medians."""
    at = {run["round"]: run for run in base["runs"]} if base else {}
    for line in lines:
        for fact in ("transcribe_s", "process_s", "peak_mb"):
            pairs = [(run, at[run["round"]]) for run in line.get("runs", []) if run["round"] in at]
            ratios = [a[fact] / b[fact] for a, b in pairs if a.get(fact) and b.get(fact)]
            line[f"{fact}_ratios"], line[f"{fact}_ratio"] = ratios, statistics.median(ratios) if ratios else None


def machine():
    """What decides the figures besides the engines."""
    model = platform.processor()
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo") as facts:
            model = next((line.split(":")[1].strip() for line in facts if line.startswith("model name")), model)
    deciding = ("OMP_", "MKL_", "OPENBLAS_", "ONEDNN_", "CT2_", "KMP_", "UNDERTONE_")
    variables = {name: value for name, value in os.environ.items() if name.startswith(deciding)}
    return {"cpu": model, "cores": os.cpu_count(), "variables": variables, "command": shlex.join(sys.argv)}


def write(asked, results):
    """Writes what is known so far, after each case, so that a long comparison can be stopped."""
    facts = {**machine(), "model": os.path.basename(os.path.abspath(asked.model)), "runs": asked.runs, "differences": DIFFERENCES}
    text = tables.markdown(facts, results)
    asked.out.mkdir(parents=True, exist_ok=True)
    (asked.out / "compare.md").write_text(text)
    (asked.out / "compare.svg").write_text(chart.svg(facts, results))
    (asked.out / "compare.json").write_text(json.dumps({"facts": facts, "cases": results}, indent=1, default=str))
    return text


def main():
    """Runs, sums up, prints and writes."""
    asked = arguments()
    rows = choose(ROWS, asked.rows)
    if any(row.runner == OURS for row in rows) and not asked.binary.exists():
        raise SystemExit(f"{asked.binary} is missing: cargo build --release -p cli, or choose other --rows")
    python = processes.environment(asked.python)
    results, text = [], ""
    for case in cases(asked):
        runs, absent = measure(case, rows, asked, python)
        lines = summarise(case, rows, runs, absent)
        score(lines, rows, case["audio"], python)
        base = against(lines, rows, asked.against)
        relate(lines, base)
        facts = {"audio_s": next((run["audio_s"] for run in runs if run.get("audio_s")), None)}
        facts |= {"others": max((run["others"] for run in runs), default=0.0), "base": base and base["row"]}
        results.append({"title": title(case), **case, **facts, "lines": lines})
        text = write(asked, results)
    print(text)
    if asked.differences:
        mine = {row.name for row in rows if row.runner == OURS}
        print(tables.differences(results, mine))


if __name__ == "__main__":
    main()
