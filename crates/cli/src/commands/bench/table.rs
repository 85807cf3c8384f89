//! Figures as Markdown, in the words of `bench/compare.py`, and as JSON. Not the figures.

use super::figures::{self, Line, Run, TIMED};
use super::{Case, system};
use crate::args::{Bench, Variant};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use std::num::NonZero;
use undertone::profile::median;

/// The share of the machine that other processes may take before times are doubted.
const QUIET: f64 = 0.05;

/// What is pinned.
const PINNED: &str =
    "Temperature 0 without fallback, timestamps on, no voice activity detection, no protections.";

type Column = (&'static str, fn(&Line) -> String);

const COLUMNS: [Column; 11] = [
    ("variant", |line| line.name.clone()),
    ("load s", |line| number(line.median(|run| Some(run.load_s)), 2)),
    ("transcribe s", |line| number(line.median(TIMED[0]), 2)),
    ("ratio", |line| spread(&line.ratios[0])),
    ("fresh process s", |line| number(line.median(TIMED[1]), 2)),
    ("ratio", |line| spread(&line.ratios[1])),
    ("peak MB", |line| number(line.median(TIMED[2]), 0)),
    ("ratio", |line| number(median(&line.ratios[2]), 2)),
    ("words", |line| line.words.to_string()),
    ("WER %", |line| number(line.errors.map(|counts| counts.rate() * 100.0), 2)),
    ("words unlike the first's", |line| line.unlike.to_string()),
];

/// A head with what was run, then a table for each file.
pub fn markdown(args: &Bench, cases: &[Case<'_>]) -> String {
    let (cpu, cores, model, runs) = (system::processor(), cores(), &args.model, args.runs);
    let mut text = format!(
        "{cpu}, {cores} cores; undertone {}, model {model}; medians of {runs} interleaved runs.\n\n{PINNED} {}\n",
        env!("CARGO_PKG_VERSION"),
        if args.warm_up.is_some() {
            "Each run is a process that another file has warmed."
        } else {
            "Each run is a fresh process."
        }
    );
    for case in cases {
        text.push('\n');
        table(&mut text, case, runs);
    }
    let _ = writeln!(text, "\n`{}`", command());
    text
}

/// One case: a line for each variant, then what must be known of the figures.
fn table(text: &mut String, case: &Case<'_>, runs: usize) {
    let base = figures::base(&case.lines);
    let length = base.map_or_else(String::new, |line| format!(" ({:.1} s)", line.runs[0].audio_s));
    let _ = writeln!(text, "### {}{length}\n", case.file.display());
    // A column that no line fills says nothing.
    let present: Vec<&Line> = case.lines.iter().filter(|line| !line.runs.is_empty()).collect();
    let filled = |column: &&Column| present.is_empty() || present.iter().any(|line| (column.1)(line) != "-");
    let columns: Vec<&Column> = COLUMNS.iter().filter(filled).collect();
    row(text, columns.iter().map(|column| column.0.to_owned()));
    row(text, (0..columns.len()).map(|i| if i == 0 { "---" } else { "---:" }.to_owned()));
    for line in &case.lines {
        if let Some(reason) = &line.absent {
            let blank = std::iter::repeat_n(String::new(), columns.len().saturating_sub(2));
            row(text, [line.name.clone(), format!("absent: {}", one_line(reason))].into_iter().chain(blank));
        } else {
            row(text, columns.iter().map(|column| (column.1)(line)));
        }
    }
    if let Some(base) = base {
        let _ =
            writeln!(text, "\nRatios are to {}, pair by pair, with the smallest and the largest.", base.name);
    }
    for (line, texts) in present.iter().map(|line| (line, line.texts())).filter(|(_, texts)| *texts > 1) {
        let name = &line.name;
        let _ = writeln!(text, "{name} gave {texts} different texts in {runs} runs; the first is scored.");
    }
    let others = others(case);
    if others > QUIET {
        let _ = writeln!(
            text,
            "Other processes took up to {:.0} % of the machine during a run: these times are not to be quoted.",
            others * 100.0
        );
    }
}

fn row(text: &mut String, cells: impl Iterator<Item = String>) {
    let _ = writeln!(text, "| {} |", cells.collect::<Vec<_>>().join(" | "));
}

/// The same as JSON, with every run.
pub fn json(args: &Bench, cases: &[Case<'_>]) -> String {
    let variants = args.variants();
    let case = |case: &Case<'_>| {
        let base = figures::base(&case.lines);
        json!({
            "audio": case.file.display().to_string(),
            "audio_s": base.map(|line| line.runs[0].audio_s),
            "base": base.map(|line| &line.name),
            "others": others(case),
            "lines": case.lines.iter().zip(&variants).map(|(l, v)| line(l, v)).collect::<Vec<_>>(),
        })
    };
    let all = json!({
        "cpu": system::processor(),
        "cores": cores(),
        "version": env!("CARGO_PKG_VERSION"),
        "model": args.model,
        "runs": args.runs,
        "command": command(),
        "cases": cases.iter().map(case).collect::<Vec<_>>(),
    });
    format!("{all:#}\n")
}

fn line(line: &Line, variant: &Variant) -> Value {
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| drop(fields.insert(name.to_owned(), value));
    put("variant", json!(line.name));
    put("beam_size", json!(variant.beams));
    put("batch_size", json!(variant.lanes));
    if let Some(reason) = &line.absent {
        put("absent", json!(reason));
        return Value::Object(fields);
    }
    put("load_s", json!(line.median(|run| Some(run.load_s))));
    for (name, (fact, ratios)) in
        ["transcribe_s", "process_s", "peak_mb"].into_iter().zip(TIMED.into_iter().zip(&line.ratios))
    {
        put(name, json!(line.median(fact)));
        put(&format!("{name}_ratio"), json!(median(ratios)));
        put(&format!("{name}_ratios"), json!(ratios));
    }
    put("words", json!(line.words));
    put("errors", json!(line.errors.map(|counts| counts.errors())));
    put("wer", json!(line.errors.map(|counts| counts.rate() * 100.0)));
    put("unlike_base", json!(line.unlike));
    put("texts", json!(line.texts()));
    put("runs", line.runs.iter().map(run).collect());
    Value::Object(fields)
}

fn run(run: &Run) -> Value {
    let Run { audio_s: _, load_s, transcribe_s, process_s, peak_mb, others, language, text } = run;
    json!({
        "load_s": load_s,
        "transcribe_s": transcribe_s,
        "process_s": process_s,
        "peak_mb": peak_mb,
        "others": others,
        "language": language,
        "text": text,
    })
}

/// The largest share that other processes took during a run.
fn others(case: &Case<'_>) -> f64 {
    case.lines.iter().flat_map(|line| &line.runs).filter_map(|run| run.others).fold(0.0, f64::max)
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

/// The command line as it was given.
fn command() -> String {
    let words = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    std::iter::once("undertone".to_owned()).chain(words).collect::<Vec<_>>().join(" ")
}

/// A reason as a cell of a table.
fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|");
    line.chars().take(200).collect()
}

/// A number, or a dash where there is none.
fn number(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.digits$}"))
}

/// The median of paired ratios, with the smallest and largest where they differ.
fn spread(ratios: &[f64]) -> String {
    let Some(median) = median(ratios) else { return "-".to_owned() };
    let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
    let most = ratios.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if most - least < 0.005 {
        format!("{median:.2}")
    } else {
        format!("{median:.2} ({least:.2} to {most:.2})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn run(transcribe_s: f64, peak_mb: Option<f64>, others: f64) -> Run {
        let text = "one two".to_owned();
        Run { audio_s: 3.0, load_s: 0.5, transcribe_s, peak_mb, others: Some(others), text, ..Run::default() }
    }

    fn case(others: f64) -> Case<'static> {
        let mut lines = vec![
            Line {
                runs: vec![run(2.0, None, 0.0), run(4.0, None, others)],
                ..Line::new("f32, greedy".into())
            },
            Line { runs: vec![run(1.0, None, 0.0), run(1.0, None, 0.0)], ..Line::new("int8, greedy".into()) },
            Line::new("int8, beam 5".into()),
        ];
        lines[2].drop_out("no a | b\nhere".into());
        figures::relate(&mut lines);
        figures::score(&mut lines, None, None);
        Case { file: Path::new("a.wav"), lines }
    }

    #[test]
    fn a_table_has_the_columns_that_somebody_fills() {
        let mut text = String::new();
        table(&mut text, &case(0.04), 2);
        let expected = "\
### a.wav (3.0 s)

| variant | load s | transcribe s | ratio | words | words unlike the first's |
| --- | ---: | ---: | ---: | ---: | ---: |
| f32, greedy | 0.50 | 3.00 | 1.00 | 2 | 0 |
| int8, greedy | 0.50 | 1.00 | 0.38 (0.25 to 0.50) | 2 | 0 |
| int8, beam 5 | absent: no a \\| b here |  |  |  |  |

Ratios are to f32, greedy, pair by pair, with the smallest and the largest.
";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_busy_machine_is_told() {
        let mut text = String::new();
        table(&mut text, &case(0.25), 2);
        assert!(
            text.ends_with(
                "took up to 25 % of the machine during a run: these times are not to be quoted.\n"
            )
        );
    }

    #[test]
    fn ratios_that_agree_have_no_spread() {
        assert_eq!(
            [&[][..], &[1.5], &[1.5, 1.504], &[1.0, 2.0]].map(spread),
            ["-", "1.50", "1.50", "1.50 (1.00 to 2.00)"]
        );
    }
}
