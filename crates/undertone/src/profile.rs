//! Where the time of a run went, added up from the steps of the programs, and how near it is to the machine's limit. Not
//! a clock: the device measures.

use compiler::device::{Footprint, StepTime};
pub use compiler::roofline::median;
use compiler::{Ideal, Peaks};
use std::collections::HashMap;
use std::time::Duration;
use whisper::{Part, Session};

/// Where the time of one part went, or of the runs of one account.
#[derive(Debug, Clone, PartialEq)]
pub struct PartProfile {
    /// The part.
    pub part: Part,
    /// How often it ran.
    pub runs: u64,
    /// All its steps together, under the part's name, or under [`PROMPTS`].
    pub total: Row,
    /// The steps of each kernel together, slowest first.
    pub kernels: Vec<Row>,
    /// Every step that ran, slowest first.
    pub steps: Vec<Row>,
    /// The memory that it holds.
    pub footprint: Footprint,
    /// The memory of its states: caches of keys and values.
    pub states: usize,
}

/// What was measured of a step, a kernel or a part.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The kernel's name; for a step, its number before it and what it computes behind it.
    pub name: String,
    /// What was measured.
    pub time: StepTime,
    /// The least time of its work, the calls of each step together; none if the peaks are not known.
    pub ideal: Option<Ideal>,
}

impl Row {
    /// 10^9 bytes read and written in a second; 0 if no time was measured.
    pub fn gb_per_s(&self) -> f64 {
        let seconds = self.time.time.as_secs_f64();
        if seconds > 0.0 { self.time.work.bytes as f64 / seconds / 1e9 } else { 0.0 }
    }

    /// The share of the roofline in per cent: the least time over the measured one. More than 100 where bytes come from
    /// a cache. `None` if the peaks are not known or no time was measured.
    pub fn share(&self) -> Option<f64> {
        let seconds = self.time.time.as_secs_f64();
        self.ideal.filter(|_| seconds > 0.0).map(|ideal| ideal.seconds() / seconds * 100.0)
    }

    /// Both together, under the name of the first.
    #[must_use]
    pub fn with(mut self, other: &Row) -> Row {
        self.time.runs += other.time.runs;
        self.time.time += other.time.time;
        self.time.work += other.time.work;
        if let (Some(sum), Some(more)) = (&mut self.ideal, other.ideal) {
            *sum += more;
        }
        self
    }

    /// Its time in per cent of `whole`; 0 if that is no time.
    pub fn percent_of(&self, whole: Duration) -> f64 {
        let whole = whole.as_secs_f64();
        if whole > 0.0 { self.time.time.as_secs_f64() / whole * 100.0 } else { 0.0 }
    }
}

/// The decoder's runs over prompts.
pub const PROMPTS: &str = "prompts";

/// What was measured since measuring started; with the least times on a machine of these peaks, if they are known. The
/// decoder's runs over prompts come before its steps.
pub fn collect(session: &mut Session, peaks: Option<&Peaks>) -> Vec<PartProfile> {
    let mut profile = |part: Part, name: &str, account: usize| {
        let executable = session.executable(part);
        let program = executable.program();
        let row = |name: String, time: StepTime| {
            let ideal = peaks.map(|peaks| peaks.ideal(&time.work));
            Row { name, time, ideal }
        };
        let nothing = |name: &str| row(name.to_owned(), StepTime::default());
        let rows = program.steps.iter().zip(executable.measured(account)).enumerate();
        let (mut steps, mut kernels) = (Vec::new(), HashMap::new());
        let mut total = nothing(name);
        for (number, (step, time)) in rows.filter(|(_, (_, time))| time.runs > 0) {
            let (kernel, node) = (step.kernel.name, program.graph.node_text(program.node(step)));
            let step = row(format!("{number} {kernel} {node}"), *time);
            let sum = kernels.remove(kernel).unwrap_or_else(|| nothing(kernel));
            kernels.insert(kernel, sum.with(&step));
            total = total.with(&step);
            steps.push(step);
        }
        PartProfile {
            part,
            runs: steps.iter().map(|row| row.time.runs).max().unwrap_or(0),
            total,
            kernels: slowest_first(kernels.into_values().collect()),
            steps: slowest_first(steps),
            footprint: executable.bytes(),
            states: program.plan.states,
        }
    };
    let mut all = Part::ALL.map(|part| profile(part, part.name(), Session::RUNS)).to_vec();
    let decoder = Part::ALL.iter().position(|part| *part == Part::Decoder).unwrap_or(all.len());
    all.insert(decoder, profile(Part::Decoder, PROMPTS, Session::TEXTS));
    all
}

fn slowest_first(mut rows: Vec<Row>) -> Vec<Row> {
    rows.sort_by(|a, b| b.time.time.cmp(&a.time.time).then_with(|| a.name.cmp(&b.name)));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use compiler::Work;

    fn row(name: &str, millis: u64, bytes: u64) -> Row {
        let time = Duration::from_millis(millis);
        let work = Work { bytes, ..Work::default() };
        Row { name: name.into(), time: StepTime { runs: 1, time, work }, ideal: None }
    }

    #[test]
    fn rates_and_shares_survive_no_time_at_all() {
        assert_eq!(row("a", 500, 1_000_000_000).gb_per_s(), 2.0);
        assert_eq!(row("a", 500, 0).percent_of(Duration::from_secs(2)), 25.0);
        assert_eq!((row("a", 0, 9).gb_per_s(), row("a", 0, 9).percent_of(Duration::ZERO)), (0.0, 0.0));
        let ideal = Some(Ideal { memory: 0.25, ..Ideal::default() });
        assert_eq!(Row { ideal, ..row("a", 500, 0) }.share(), Some(50.0));
        assert_eq!((Row { ideal, ..row("a", 0, 0) }.share(), row("a", 5, 0).share()), (None, None));
    }

    #[test]
    fn what_steps_took_and_could_take_is_added_up() {
        let ideal = |compute, memory| Some(Ideal { compute, memory, ..Ideal::default() });
        let first = Row { ideal: ideal(0.5, 0.0), ..row("a", 750, 30) };
        let both = first.with(&Row { ideal: ideal(0.0, 0.25), ..row("b", 250, 12) });
        assert_eq!((both.name.as_str(), both.time.runs, both.time.work.bytes), ("a", 2, 42));
        assert_eq!((both.time.time, both.share()), (Duration::from_secs(1), Some(75.0)));
        assert_eq!(both.ideal.unwrap().bound(), "compute");
    }

    #[test]
    fn rows_are_in_order_of_time_then_name() {
        let rows = slowest_first(vec![row("b", 1, 0), row("a", 1, 0), row("c", 2, 0)]);
        assert_eq!(rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["c", "a", "b"]);
    }
}
