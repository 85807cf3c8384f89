"""The results of the comparisons as Markdown. Not the results: those are in their JSON."""

# The share of the machine that other processes may take before times are doubted.
QUIET = 0.05

COLUMNS = {
    "engine": lambda line: f"{line['row']} ({line['version']})",
    "load s": lambda line: number(line["load_s"], 2),
    "transcribe s": lambda line: number(line["transcribe_s"], 2),
    "ratio": lambda line: spread(line["transcribe_s_ratios"], line["transcribe_s_ratio"]),
    "fresh process s": lambda line: number(line["process_s"], 2),
    "ratio ": lambda line: spread(line["process_s_ratios"], line["process_s_ratio"]),
    "peak MB": lambda line: number(line["peak_mb"], 0),
    "ratio  ": lambda line: number(line["peak_mb_ratio"], 2),
    "words": lambda line: number(line["words"], 0),
    "WER %": lambda line: number(line["wer"], 2),
    "words unlike openai-whisper": lambda line: number(line["unlike_base"], 0),
}


def markdown(facts, cases):
    """A head with what was run and what differs between engines, then a table for each case."""
    head = f"{facts['cpu']}, {facts['cores']} cores; model {facts['model']}; medians of {facts['runs']} interleaved runs"
    if facts["variables"]:
        head += "; " + " ".join(f"{name}={value}" for name, value in sorted(facts["variables"].items()))
    pinned = "Temperature 0 without fallback, timestamps on, no voice activity detection unless the row says so."
    parts = [head + ".", f"{pinned} Not alike: {'; '.join(facts['differences'])}."]
    return "\n\n".join(parts + [table(case, facts["runs"]) for case in cases] + [f"`{facts['command']}`", ""])


def table(case, runs):
    """One case: a line for each row, ratios to the row that the head names, then what must be known of the figures."""
    length = f" ({case['audio_s']:.1f} s)" if case["audio_s"] else ""
    title = f"### {case['title']}{length}"
    # A column that no row fills says nothing.
    present = [line for line in case["lines"] if "text" in line]
    columns = {name: show for name, show in COLUMNS.items() if not present or any(show(line) != "-" for line in present)}
    cells = [list(columns), ["---"] + ["---:"] * (len(columns) - 1)]
    for line in case["lines"]:
        if "text" in line:
            cells.append([show(line) for show in columns.values()])
        else:
            cells.append([line["row"], f"absent: {one_line(line['absent'])}"] + [""] * (len(columns) - 2))
    rows = lines([cell.strip() for cell in row] for row in cells)
    notes = [f"Ratios are to {case['base']}, pair by pair, with the smallest and the largest."] if case["base"] else []
    notes += [f"{line['row']} gave {line['texts']} different texts in {runs} runs; the first is scored." for line in present if line["texts"] > 1]
    if case["others"] > QUIET:
        share = f"{100 * case['others']:.0f} %"
        notes.append(f"Other processes took up to {share} of the machine during a run: these times are not to be quoted.")
    return "\n".join([title, "", *rows, "", *notes])


def lines(cells):
    """Rows of cells as lines of a Markdown table."""
    return ["| " + " | ".join(row) + " |" for row in cells]


def differences(cases, ours):
    """The words in which each of our texts is unlike openai-whisper's, pair by pair."""
    parts = []
    for case in cases:
        for line in case["lines"]:
            if line["row"] in ours and "text" in line:
                parts += [f"{case['title']}, openai-whisper / {line['row']}:", *pairs(line["pairs"])]
    return "\n".join(parts)


def pairs(found):
    """Pairs of differing words, one a line."""
    return [f"  {base or '-'} / {own or '-'}" for base, own in found] or ["  no word differs"]


def one_line(text):
    """A reason as a cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")[:200]


def number(value, digits):
    """A number, or a dash where there is none."""
    return "-" if value is None else f"{value:.{digits}f}"


def spread(ratios, median):
    """The median of paired ratios, with the smallest and largest where they differ."""
    if not ratios:
        return "-"
    if max(ratios) - min(ratios) < 0.005:
        return f"{median:.2f}"
    return f"{median:.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
