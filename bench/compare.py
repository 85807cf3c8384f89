#!/usr/bin/env python3
"""Undertone beside its rivals on one file: time, memory and words, in interleaved runs. Not a benchmark of kernels.

Greedy, temperature 0 without fallback, conditioned on previous text, no voice activity detection, one process a run.
The first use makes an environment with the rivals under target/bench-env. Needs `cargo build --release -p cli` first.
Prints a Markdown table, and writes it and every run to target/bench/compare.md and compare.json.
"""

import argparse
import json
import os
import platform
import resource
import shlex
import statistics
import subprocess
import sys
import time
from pathlib import Path

import tables
from rows import ROWS

ROOT = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))


def arguments():
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("audio", help="the sound file; a long one, for figures that mean something")
    parser.add_argument("--model", required=True, help="a CTranslate2 Whisper folder; every engine gets its weights")
    parser.add_argument("--reference", help="text of what is said [default: AUDIO with .txt, where it exists]")
    parser.add_argument("--language", help="a code, such as en [default: detect]")
    parser.add_argument("--threads", default="2", help="counts, such as 1,2 [default: 2]")
    parser.add_argument("--runs", type=int, default=3, help="rounds; medians are shown [default: 3]")
    parser.add_argument("--rows", help=f"which, separated by commas [default: all: {', '.join(row.name for row in ROWS)}]")
    parser.add_argument("--python", help="an interpreter that has bench/requirements.txt [default: target/bench-env]")
    parser.add_argument("--out", default=TARGET / "bench", type=Path, help="where the results go [default: target/bench]")
    return parser.parse_args()


def environment(python):
    """The interpreter that runs the rivals, made anew whenever the requirements change."""
    if python:
        return python
    folder, wanted = TARGET / "bench-env", ROOT / "bench" / "requirements.txt"
    stamp = folder / "requirements.txt"
    if not stamp.exists() or stamp.read_text() != wanted.read_text():
        print(f"installing the rivals into {folder}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        subprocess.run([folder / "bin" / "pip", "install", "--quiet", "-r", wanted], check=True)
        stamp.write_text(wanted.read_text())
    return str(folder / "bin" / "python")


def chosen_rows(asked):
    """The rows of the table that were asked for, in its order."""
    if asked is None:
        return list(ROWS)
    names = [name.strip() for name in asked.split(",")]
    unknown = set(names) - {row.name for row in ROWS}
    if unknown:
        raise SystemExit(f"no row is named {', '.join(sorted(unknown))}: there are {', '.join(r.name for r in ROWS)}")
    return [row for row in ROWS if row.name in names]


def run(row, threads, asked, python):
    """One run of one row in a process of its own: its report, with the seconds of the whole process."""
    settings = {
        "audio": os.path.abspath(asked.audio),
        "model": os.path.abspath(asked.model),
        "language": asked.language,
        "threads": threads,
        "compute": row.compute,
        "beam": row.beam,
        "target": str(TARGET),
    }
    command = [python, str(ROOT / "bench" / "engines" / row.runner), json.dumps(settings)]
    started, before = time.perf_counter(), others_s()
    process = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    seconds, others = time.perf_counter() - started, others_s() - before
    if process.returncode != 0:
        raise SystemExit(f"{row.name} failed:\n{process.stderr.strip()}")
    report = {"process_s": seconds, **json.loads(process.stdout.splitlines()[-1])}
    report.update(row=row.name, threads=threads, others=others / (seconds * os.cpu_count()))
    return report


def others_s():
    """Seconds of all processors that went to processes other than ours and those we started, since the machine's start."""
    with open("/proc/stat") as facts:
        user, nice, system, _, _, hard, soft, stolen = map(int, facts.readline().split()[1:9])
    busy = (user + nice + system + hard + soft + stolen) / os.sysconf("SC_CLK_TCK")
    used = (resource.getrusage(resource.RUSAGE_CHILDREN), resource.getrusage(resource.RUSAGE_SELF))
    return busy - sum(part.ru_utime + part.ru_stime for part in used)


def rounds(asked, rows, python):
    """Rounds of one run for each row and thread count. Each starts with another row, so that none is always first."""
    cases = [(row, int(threads)) for threads in asked.threads.split(",") for row in rows]
    for number in range(asked.runs):
        first = number % len(cases)
        reports = []
        for row, threads in cases[first:] + cases[:first]:
            report = {**run(row, threads, asked, python), "round": number}
            reports.append(report)
            print(
                f"round {number + 1}/{asked.runs}: {row.name}, {threads} threads: {report['transcribe_s']:.2f} s,"
                f" {report['peak_mb']:.0f} MB, {100 * report['others']:.0f} % of the machine taken by others",
                file=sys.stderr,
            )
        yield reports


def summarise(reports, rows):
    """A line for each row and thread count: medians, and medians of the ratios to the first row in the same round."""
    lines = []
    for threads in sorted({report["threads"] for report in reports}):
        pick = lambda name: [r for r in reports if r["row"] == name and r["threads"] == threads]
        base = {report["round"]: report for report in pick(rows[0].name)}
        for row in rows:
            own = pick(row.name)
            line = {"row": row.name, "threads": threads, "version": own[0]["version"], "text": own[0]["text"]}
            line["texts"] = len({report["text"] for report in own})
            for fact in ("load_s", "transcribe_s", "process_s", "peak_mb"):
                values = [report[fact] for report in own if report[fact] is not None]
                line[fact] = statistics.median(values) if values else None
            for fact in ("transcribe_s", "process_s", "peak_mb"):
                ratios = [report[fact] / base[report["round"]][fact] for report in own]
                line[f"{fact}_ratios"], line[f"{fact}_ratio"] = ratios, statistics.median(ratios)
            lines.append(line)
    return lines


def score(lines, asked, python):
    """Adds to each line its words, its errors against the reference, and its unlikeness to the first line."""
    path = Path(asked.reference) if asked.reference else Path(asked.audio).with_suffix(".txt")
    reference = path.read_text() if asked.reference or path.exists() else None
    request = {"reference": reference, "texts": {str(i): line["text"] for i, line in enumerate(lines)}, "base": "0"}
    process = subprocess.run(
        [python, ROOT / "bench" / "score.py"], input=json.dumps(request), stdout=subprocess.PIPE, text=True, check=True
    )
    for at, scores in json.loads(process.stdout).items():
        lines[int(at)].update(scores)


def machine():
    """What decides the figures besides the engines."""
    model = platform.processor()
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo") as facts:
            model = next((line.split(":")[1].strip() for line in facts if line.startswith("model name")), model)
    deciding = ("OMP_", "MKL_", "OPENBLAS_", "ONEDNN_", "CT2_", "KMP_", "UNDERTONE_")
    variables = {name: value for name, value in os.environ.items() if name.startswith(deciding)}
    return {"cpu": model, "cores": os.cpu_count(), "variables": variables}


def main():
    """Runs, sums up, prints and writes."""
    asked = arguments()
    rows = chosen_rows(asked.rows)
    binary = TARGET / "release" / "undertone"
    if any(row.runner == "run_undertone.py" for row in rows) and not binary.exists():
        raise SystemExit(f"{binary} is missing: cargo build --release -p cli, or choose other --rows")
    python = environment(asked.python)
    facts = {**machine(), "audio": os.path.basename(asked.audio), "command": shlex.join(sys.argv)}
    asked.out.mkdir(parents=True, exist_ok=True)
    reports = []
    for number, more in enumerate(rounds(asked, rows, python), 1):
        # Written after each round, so that a long comparison can be stopped.
        reports += more
        facts["runs"], facts["others"] = number, max(report["others"] for report in reports)
        facts["audio_s"] = next((report["audio_s"] for report in reports if report.get("audio_s")), None)
        lines = summarise(reports, rows)
        score(lines, asked, python)
        text = tables.markdown(facts, lines)
        (asked.out / "compare.md").write_text(text)
        (asked.out / "compare.json").write_text(json.dumps({"facts": facts, "lines": lines, "runs": reports}, indent=1))
    print(text)


if __name__ == "__main__":
    main()
