"""Engines as processes: their environment, their weights, and how they are asked. Not what is asked of them."""

import hashlib
import json
import os
import resource
import select
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))


class Absent(Exception):
    """Why a row has no figures."""


def add_arguments(parser):
    """What every comparison must know of the machine."""
    parser.add_argument("--model", required=True, help="a CTranslate2 Whisper folder in float16; every engine gets its weights")
    parser.add_argument("--python", help="an interpreter that has bench/requirements.txt [default: target/bench-env, made if need be]")
    parser.add_argument("--binary", default=TARGET / "release" / "undertone", type=Path, help="ours [default: target/release/undertone]")
    parser.add_argument("--out", default=TARGET / "bench", type=Path, help="where results go [default: target/bench]")
    parser.add_argument("--cache", default=TARGET / "bench" / "weights", type=Path, help="where derived weights are kept [default: target/bench/weights]")
    parser.add_argument("--limit", type=float, default=1800, help="seconds that one answer may take [default: 1800]")


def environment(python):
    """The interpreter that runs the rivals, made anew whenever the requirements change."""
    if python:
        return python
    folder, wanted = TARGET / "bench-env", ROOT / "bench" / "requirements.txt"
    stamp = folder / "requirements.txt"
    if not stamp.exists() or stamp.read_text() != wanted.read_text():
        print(f"installing the rivals into {folder}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        # One by one where all at once fails, so that an engine without a wheel costs its own rows only.
        pip = [folder / "bin" / "pip", "install", "--quiet"]
        if subprocess.run([*pip, "-r", wanted]).returncode != 0:
            for line in wanted.read_text().splitlines():
                if line and not line.startswith("#"):
                    subprocess.run([*pip, line])
        stamp.write_text(wanted.read_text())
    return str(folder / "bin" / "python")


def weights(row, asked, python):
    """The path of the weights that `row` wants, derived on first use; None where it reads the folder itself."""
    if row.weights is None:
        return None
    model = Path(asked.model).resolve()
    facts = (model / "model.bin").stat()
    mark = hashlib.sha256(f"{model} {facts.st_size} {facts.st_mtime_ns}".encode()).hexdigest()[:8]
    cache = asked.cache.resolve() / f"{model.name}-{mark}"
    command = [python, str(ROOT / "bench" / "weights.py"), str(model), str(cache), row.weights]
    # Asked without the interpreter first: importing what derives takes seconds.
    for path in (cache / row.weights, cache / f"{row.weights}.bin", cache / f"{row.weights}.pt"):
        if path.exists():
            return str(path)
    print(f"deriving {row.weights} from {model}", file=sys.stderr)
    process = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if process.returncode != 0:
        raise Absent(f"no weights: {last_line(process.stderr)}")
    return process.stdout.splitlines()[-1]


def settings(row, asked, python, **chosen):
    """What a runner is told (see engines/engine.py)."""
    return {
        "model": os.path.abspath(asked.model),
        "weights": weights(row, asked, python),
        "language": asked.language,
        "compute": row.compute,
        "lanes": row.lanes,
        "flags": row.flags,
        "defaults": row.defaults,
        "vad": row.vad,
        "binary": str(asked.binary.resolve()),
        **chosen,
    }


class Engine:
    """A runner that has loaded and answers."""

    def __init__(self, row, told, python, limit):
        self.limit, self.started = limit, time.perf_counter()
        self.log = open(log_path(row), "w+")
        command = [python, str(ROOT / "bench" / "engines" / row.runner), json.dumps(told)]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=self.log, text=True)
        self.ready = self.answer()

    def ask(self, audio):
        """Its answer for one file, with the share of the machine that other processes took meanwhile."""
        before, own, started = busy_s(), used_s(self.process.pid), time.perf_counter()
        self.process.stdin.write(json.dumps({"audio": os.path.abspath(audio)}) + "\n")
        self.process.stdin.flush()
        answer = self.answer()
        seconds = time.perf_counter() - started
        own = used_s(self.process.pid) - own
        others = max(0.0, busy_s() - before - own) / (seconds * os.cpu_count())
        return {"version": self.ready["version"], "load_s": self.ready["load_s"], "others": others, **answer}

    def answer(self):
        """The next line that it prints."""
        readable, _, _ = select.select([self.process.stdout], [], [], self.limit)
        line = self.process.stdout.readline() if readable else ""
        if not line:
            late = "" if readable else f"no answer in {self.limit:.0f} s: "
            self.close()
            self.log.seek(0)
            raise Absent(late + last_line(self.log.read()))
        answer = json.loads(line)
        if "error" in answer:
            raise Absent(answer["error"])
        return answer

    def close(self):
        """Ends it, and gives the seconds from its start to its end."""
        try:
            self.process.stdin.close()
            self.process.wait(timeout=20)
        except (subprocess.TimeoutExpired, BrokenPipeError):
            self.process.kill()
            self.process.wait()
        return time.perf_counter() - self.started


def log_path(row):
    """Where the noise of a row's engine goes."""
    folder = TARGET / "bench" / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{row.name.replace(' ', '-').replace(',', '')}.log"


def last_line(said):
    """The line of an engine's noise that most likely says why it failed."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return lines[-1] if lines else "it ended without a word"


def used_s(pid):
    """Seconds of all processors that a process and those it waited for have used."""
    try:
        with open(f"/proc/{pid}/stat") as facts:
            fields = facts.read().rsplit(")", 1)[1].split()
    except FileNotFoundError:
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def busy_s():
    """Seconds of all processors that went to processes other than this one, since the machine's start."""
    with open("/proc/stat") as facts:
        user, nice, system, _, _, hard, soft, stolen = map(int, facts.readline().split()[1:9])
    used = resource.getrusage(resource.RUSAGE_SELF)
    return (user + nice + system + hard + soft + stolen) / os.sysconf("SC_CLK_TCK") - used.ru_utime - used.ru_stime


def scores(requests, python):
    """What score.py says to each request."""
    command = [python, ROOT / "bench" / "score.py"]
    process = subprocess.run(command, input=json.dumps(requests), stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(process.stdout)


def reference(audio):
    """What is said in a file: the text beside it, or its line in a manifest.tsv or transcripts.tsv there; None if unknown."""
    audio = Path(audio)
    if audio.with_suffix(".txt").exists():
        return audio.with_suffix(".txt").read_text()
    for table in (audio.parent / "manifest.tsv", audio.parent / "transcripts.tsv"):
        for fields in rows_of(table) if table.exists() else []:
            if fields[0] in (audio.name, audio.stem) and fields[-1]:
                return fields[-1]
    return None


def entries(manifest):
    """The lines of a tab-separated file by the names in its head."""
    head, *lines = rows_of(manifest)
    return [dict(zip(head, line)) for line in lines]


def rows_of(table):
    """The fields of each line of a tab-separated file."""
    return [line.split("\t") for line in table.read_text().splitlines()]
