"""The results of bench/compare.py as a drawing: bars of time, and bars of memory beside them. Not every case: the longest.

Plain SVG without fonts or scripts of its own, in colours that can be read on light and on dark grounds.
"""

from html import escape

WIDTH, NAMES, GAP, TOP, ROW = 960, 250, 70, 74, 30
PANEL = (WIDTH - NAMES - 2 * GAP) // 2
STYLE = """
text { font: 13px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #3d444d; }
.head { font-weight: 600; } .small { font-size: 11px; }
.ours { fill: #c2570c; } .rival { fill: #5b7fa6; } .thin { opacity: 0.55; } .one { stroke: #808890; stroke-dasharray: 3 3; }
@media (prefers-color-scheme: dark) { text { fill: #c9d1d9; } .ours { fill: #f0883e; } .rival { fill: #79a6d8; } }
"""


def svg(facts, cases):
    """The longest file at the most threads: for each row a bar for each search, the first thick and the others thin."""
    kin = shown(cases)
    names = [line["row"] for line in kin[0]["lines"] if any("text" in own for own in of(kin, line["row"]))] if kin else []
    height = TOP + ROW * len(names) + 34
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">']
    parts.append(f"<title>Time and memory of Whisper engines</title><style>{STYLE}</style>")
    if kin:
        length = f", {kin[0]['audio_s']:.0f} s" if kin[0]["audio_s"] else ""
        parts.append(text(0, 18, f"{kin[0]['audio'].name}{length}, {kin[0]['threads']} threads, model {facts['model']}", "head"))
        ways = " and ".join(search(case) for case in kin) + (" (thin)" if len(kin) > 1 else "")
        parts.append(text(0, 36, f"{facts['cpu']}; {ways}; medians of {facts['runs']} interleaved runs; shorter is better", "small"))
        time_title = f"time per search, {kin[0]['base']} = 1" if len({case["base"] for case in kin}) == 1 else "time per search, ours = 1"
        parts += panel(kin, names, NAMES, "transcribe_s_ratio", time_title, lambda value: f"{value:.2f}")
        parts += panel(kin, names, NAMES + PANEL + GAP, "peak_mb", "peak memory, MB", lambda value: f"{value:.0f}")
        parts += [text(NAMES - 10, TOP + ROW * at + 19, name, "", "end") for at, name in enumerate(names)]
    return "\n".join([*parts, "</svg>", ""])


def shown(cases):
    """The cases of the longest file at the most threads."""
    chosen = max(cases, key=lambda case: (case["audio_s"] or 0, case["threads"]), default=None)
    same = lambda case: (case["audio"], case["threads"]) == (chosen["audio"], chosen["threads"])
    return [case for case in cases if same(case)]


def of(cases, name):
    """The lines of one row in all cases."""
    return [line for case in cases for line in case["lines"] if line["row"] == name]


def search(case):
    """How a case searches, in words."""
    return "greedy" if case["beam"] == 1 else f"beam {case['beam']}"


def panel(cases, names, left, fact, title, show):
    """Bars of one fact, from zero, on one scale."""
    values = [line[fact] for name in names for line in of(cases, name) if line.get(fact)]
    scale = PANEL / max(values, default=1)
    parts = [text(left, TOP - 8, title, "head")]
    for at, name in enumerate(names):
        thick = 18 if len(cases) == 1 else 12
        top = TOP + ROW * at + (6 if len(cases) == 1 else 3)
        for number, line in enumerate(of(cases, name)):
            tall = thick if number == 0 else 7
            if line.get(fact):
                kind = ("ours" if name.startswith("undertone") else "rival") + (" thin" if number else "")
                long = line[fact] * scale
                parts.append(f'<rect class="{kind}" x="{left}" y="{top}" width="{long:.1f}" height="{tall}" rx="2"/>')
                parts.append(text(left + long + 5, top + tall - (2 if number == 0 else -1), show(line[fact]), "small"))
            top += tall + 3
    if fact.endswith("ratio"):
        bottom = TOP + ROW * len(names)
        parts.append(f'<line class="one" x1="{left + scale:.1f}" x2="{left + scale:.1f}" y1="{TOP}" y2="{bottom}"/>')
    return parts


def text(x, y, words, kind, anchor="start"):
    """One piece of text."""
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">{escape(words)}</text>'
