//! What the system tells of processors and memory: Linux by its files, others nothing. Not what is measured with clocks.

use std::fs;

/// The processor's name.
pub fn processor() -> String {
    let facts = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    named(&facts, "model name").unwrap_or(std::env::consts::ARCH).to_owned()
}

/// The most memory that this process held so far, in MB of 1e6 bytes.
pub fn peak_mb() -> Option<f64> {
    peak_of(&fs::read_to_string("/proc/self/status").ok()?)
}

fn peak_of(status: &str) -> Option<f64> {
    let kib: f64 = named(status, "VmHWM")?.strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kib * 1024.0 / 1e6)
}

/// What stands behind `name:` on its line.
fn named<'a>(facts: &'a str, name: &str) -> Option<&'a str> {
    let lines = facts.lines().filter_map(|line| line.split_once(':'));
    lines.into_iter().find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim())
}

/// The time that this process has used of all processors, in ticks.
pub fn own_ticks() -> Option<u64> {
    own_of(&fs::read_to_string("/proc/self/stat").ok()?)
}

/// User and system time are fields 14 and 15; the second, a name, may hold anything.
fn own_of(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_whitespace().skip(11).map(str::parse::<u64>);
    Some(times.next()?.ok()? + times.next()?.ok()?)
}

/// Time of all processors since the machine's start, in ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticks {
    busy: u64,
    idle: u64,
}

impl Ticks {
    /// As of now.
    pub fn now() -> Option<Ticks> {
        Ticks::of(&fs::read_to_string("/proc/stat").ok()?)
    }

    /// User, nice, system, idle, waiting, two kinds of interrupts, stolen.
    fn of(stat: &str) -> Option<Ticks> {
        let line = stat.lines().next()?.strip_prefix("cpu ")?;
        let times: Vec<u64> = line.split_whitespace().take(8).map_while(|time| time.parse().ok()).collect();
        let &[user, nice, system, idle, waiting, hard, soft, stolen] = &times[..] else { return None };
        Some(Ticks { busy: user + nice + system + hard + soft + stolen, idle: idle + waiting })
    }

    /// The share of the machine that others than a process of `own` ticks took since `before`.
    pub fn others(self, before: Ticks, own: u64) -> f64 {
        let busy = self.busy.saturating_sub(before.busy);
        let all = busy + self.idle.saturating_sub(before.idle);
        if all == 0 { 0.0 } else { busy.saturating_sub(own) as f64 / all as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_read_from_the_systems_files() {
        let status = "Name:\tundertone\nVmPeak:\t  900 kB\nVmHWM:\t   12500 kB\nThreads:\t2\n";
        assert_eq!(peak_of(status), Some(12.8));
        assert_eq!((peak_of("VmHWM: many kB"), peak_of("")), (None, None));
        assert_eq!(named("processor\t: 0\nmodel name\t: A: B\n", "model name"), Some("A: B"));
        let stat = "17 (a) b) R 1 17 17 0 -1 4194304 100 0 0 0 250 50 7 8 20 0";
        assert_eq!((own_of(stat), own_of("17 (a) R 1")), (Some(300), None));
    }

    #[test]
    fn others_are_what_is_busy_without_the_process() {
        let before = Ticks::of("cpu  10 20 30 400 40 5 5 0 0 0\ncpu0 1 2\n").unwrap();
        assert_eq!(before, Ticks { busy: 70, idle: 440 });
        let after = Ticks { busy: 170, idle: 540 };
        assert_eq!(after.others(before, 80), 0.1);
        assert_eq!((after.others(before, 900), before.others(before, 0)), (0.0, 0.0));
        assert_eq!((Ticks::of("cpu  1 2 3\n"), Ticks::of("")), (None, None));
    }
}
