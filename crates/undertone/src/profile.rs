//! Where the time of a run went, added up from the steps of the programs. Not a clock: the device measures.

use compiler::device::{Footprint, StepTime};
use std::collections::HashMap;
use std::time::Duration;
use whisper::{Part, Session};

/// Where the time of one part went.
#[derive(Debug, Clone, PartialEq)]
pub struct PartProfile {
    /// The part.
    pub part: Part,
    /// How often it ran.
    pub runs: u64,
    /// All its steps together.
    pub total: StepTime,
    /// The steps of each kernel together, slowest first.
    pub kernels: Vec<Row>,
    /// Every step that ran, slowest first.
    pub steps: Vec<Row>,
    /// The memory that it holds.
    pub footprint: Footprint,
    /// The memory of its states: caches of keys and values.
    pub states: usize,
}

/// What was measured of a step or a kernel.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The kernel's name; for a step, its number before it and what it computes behind it.
    pub name: String,
    /// What was measured.
    pub time: StepTime,
}

impl Row {
    /// 10^9 bytes read and written in a second; 0 if no time was measured.
    pub fn gb_per_s(&self) -> f64 {
        let seconds = self.time.time.as_secs_f64();
        if seconds > 0.0 { self.time.bytes as f64 / seconds / 1e9 } else { 0.0 }
    }

    /// Its time in per cent of `whole`; 0 if that is no time.
    pub fn percent_of(&self, whole: Duration) -> f64 {
        let whole = whole.as_secs_f64();
        if whole > 0.0 { self.time.time.as_secs_f64() / whole * 100.0 } else { 0.0 }
    }
}

/// Starts or stops measuring every part.
pub fn measure(session: &mut Session, on: bool) {
    for part in Part::ALL {
        session.executable(part).measure(on);
    }
}

/// What was measured since measuring started.
pub fn collect(session: &mut Session) -> Vec<PartProfile> {
    let profile = |part| {
        let executable = session.executable(part);
        let program = executable.program();
        let rows = program.steps.iter().zip(executable.measured()).enumerate();
        let steps: Vec<Row> = rows
            .filter(|(_, (_, time))| time.runs > 0)
            .map(|(number, (step, time))| {
                let node = program.graph.node_text(program.node(step));
                Row { name: format!("{number} {} {node}", step.kernel.name), time: *time }
            })
            .collect();
        let mut kernels: HashMap<&str, StepTime> = HashMap::new();
        for (step, time) in program.steps.iter().zip(executable.measured()).filter(|(_, t)| t.runs > 0) {
            add(kernels.entry(step.kernel.name).or_default(), time);
        }
        let kernels = kernels.into_iter().map(|(name, time)| Row { name: name.to_owned(), time });
        let mut total = StepTime::default();
        for row in &steps {
            add(&mut total, &row.time);
        }
        PartProfile {
            part,
            runs: steps.iter().map(|row| row.time.runs).max().unwrap_or(0),
            total,
            kernels: slowest_first(kernels.collect()),
            steps: slowest_first(steps),
            footprint: executable.bytes(),
            states: program.plan.states,
        }
    };
    Part::ALL.map(profile).into()
}

fn add(sum: &mut StepTime, time: &StepTime) {
    sum.runs += time.runs;
    sum.time += time.time;
    sum.bytes += time.bytes;
}

fn slowest_first(mut rows: Vec<Row>) -> Vec<Row> {
    rows.sort_by(|a, b| b.time.time.cmp(&a.time.time).then_with(|| a.name.cmp(&b.name)));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, millis: u64, bytes: u64) -> Row {
        Row { name: name.into(), time: StepTime { runs: 1, time: Duration::from_millis(millis), bytes } }
    }

    #[test]
    fn rates_and_shares_survive_no_time_at_all() {
        assert_eq!(row("a", 500, 1_000_000_000).gb_per_s(), 2.0);
        assert_eq!(row("a", 500, 0).percent_of(Duration::from_secs(2)), 25.0);
        assert_eq!((row("a", 0, 9).gb_per_s(), row("a", 0, 9).percent_of(Duration::ZERO)), (0.0, 0.0));
    }

    #[test]
    fn rows_are_in_order_of_time_then_name() {
        let rows = slowest_first(vec![row("b", 1, 0), row("a", 1, 0), row("c", 2, 0)]);
        assert_eq!(rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["c", "a", "b"]);
    }
}
