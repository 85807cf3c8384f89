"""The results of bench/compare.py as a Markdown table. Not the results: those are in its JSON."""

# The share of the machine that other processes may take before times are doubted.
QUIET = 0.05


def markdown(facts, lines):
    """A head with what was run, then a line for each engine; ratios are to the first line of the same thread count."""
    sound = f"{facts['audio_s']:.1f} s of sound ({facts['audio']})" if facts["audio_s"] else facts["audio"]
    head = f"{sound} on {facts['cpu']}, {facts['cores']} cores; medians of {facts['runs']} interleaved runs"
    if facts["variables"]:
        head += "; " + " ".join(f"{name}={value}" for name, value in sorted(facts["variables"].items()))
    columns = {
        "engine": lambda line: f"{line['row']} ({line['version']})",
        "threads": lambda line: str(line["threads"]),
        "load s": lambda line: number(line["load_s"], 2),
        "transcribe s": lambda line: number(line["transcribe_s"], 2),
        "ratio": lambda line: spread(line["transcribe_s_ratios"], line["transcribe_s_ratio"]),
        "process s": lambda line: number(line["process_s"], 2),
        "ratio ": lambda line: spread(line["process_s_ratios"], line["process_s_ratio"]),
        "peak MB": lambda line: number(line["peak_mb"], 0),
        "ratio  ": lambda line: number(line["peak_mb_ratio"], 2),
        "words": lambda line: str(line["words"]),
        "WER %": lambda line: number(line["wer"], 2),
        "words unlike the first": lambda line: str(line["unlike_base"]),
    }
    table = [list(columns), ["---"] + ["---:"] * (len(columns) - 1)]
    table += [[show(line) for show in columns.values()] for line in lines]
    rows = ["| " + " | ".join(cell.strip() for cell in row) + " |" for row in table]
    notes = [
        f"{line['row']} gave {line['texts']} different texts in {facts['runs']} runs; the first is scored."
        for line in lines
        if line["texts"] > 1
    ]
    if facts["others"] > QUIET:
        share = f"{100 * facts['others']:.0f} %"
        notes.append(f"Other processes took up to {share} of the machine during a run: the times above are not to be quoted.")
    return "\n".join([head + ".", "", *rows, *([""] + notes if notes else []), "", f"`{facts['command']}`", ""])


def number(value, digits):
    """A number, or a dash where there is none."""
    return "-" if value is None else f"{value:.{digits}f}"


def spread(ratios, median):
    """The median of paired ratios, with the smallest and largest where they differ."""
    if max(ratios) - min(ratios) < 0.005:
        return f"{median:.2f}"
    return f"{median:.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
