//! The cores that are worth a thread each, as Linux lists them in its folders. Not how many threads are opened.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The capacity of a processor, relative to that of the fastest, under which it would hold up the others: efficiency
/// cores have about half, the middle ones of three kinds some four fifths.
const LEAST_CAPACITY: f64 = 2.0 / 3.0;

/// How many physical cores the process may run on, each once however many of its processors are among them; only the
/// fast ones where there are several kinds. `None` where the system under `root` does not say.
pub fn physical(root: &Path) -> Option<usize> {
    let status = fs::read_to_string(root.join("proc/self/status")).ok()?;
    let allowed = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
    let cpus = root.join("sys/devices/system/cpu");
    let online = fs::read_to_string(cpus.join("online")).ok().map_or_else(BTreeSet::new, |list| set(&list));
    let mut usable = set(allowed);
    usable.retain(|cpu| online.is_empty() || online.contains(cpu));
    let siblings = |cpu: &usize| {
        let file = cpus.join(format!("cpu{cpu}/topology/thread_siblings_list"));
        fs::read_to_string(file).ok().map(|list| set(&list))
    };
    let cores = fast(root, &usable).iter().map(siblings).collect::<Option<BTreeSet<_>>>()?.len();
    (cores > 0).then_some(cores)
}

/// Those of `usable` that are of the fast kind: performance cores of an Intel hybrid, else by capacity. All of them
/// where there is one kind.
fn fast(root: &Path, usable: &BTreeSet<usize>) -> BTreeSet<usize> {
    if let Ok(list) = fs::read_to_string(root.join("sys/devices/cpu_core/cpus")) {
        let performance: BTreeSet<usize> = set(&list).intersection(usable).copied().collect();
        return if performance.is_empty() { usable.clone() } else { performance };
    }
    let capacity = |cpu: &usize| {
        let file = root.join(format!("sys/devices/system/cpu/cpu{cpu}/cpu_capacity"));
        fs::read_to_string(file).ok()?.trim().parse::<f64>().ok()
    };
    let Some(capacities) = usable.iter().map(capacity).collect::<Option<Vec<f64>>>() else {
        return usable.clone();
    };
    let greatest = capacities.iter().copied().fold(0.0, f64::max);
    let fast = usable.iter().zip(capacities).filter(|(_, c)| *c >= LEAST_CAPACITY * greatest);
    fast.map(|(cpu, _)| *cpu).collect()
}

/// The numbers of a list such as `0-3,8`; what is none is left out.
fn set(list: &str) -> BTreeSet<usize> {
    /// More processors than any machine has.
    const MOST: usize = 1 << 16;
    let range = |part: &str| {
        let (first, last) = part.trim().split_once('-').unwrap_or((part.trim(), part.trim()));
        Some(first.parse().ok()?..=last.parse::<usize>().ok()?.min(MOST))
    };
    list.split(',').filter_map(range).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A system's folders: processors with their siblings and capacity.
    fn system(allowed: &str, cpus: &[(&str, Option<u32>)], performance: Option<&str>) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("proc/self/status", &format!("Name:\tx\nCpus_allowed:\tff\nCpus_allowed_list:\t{allowed}\n"));
        write("sys/devices/system/cpu/online", &format!("0-{}\n", cpus.len() - 1));
        for (cpu, (siblings, capacity)) in cpus.iter().enumerate() {
            let folder = format!("sys/devices/system/cpu/cpu{cpu}");
            write(&format!("{folder}/topology/thread_siblings_list"), &format!("{siblings}\n"));
            if let Some(capacity) = capacity {
                write(&format!("{folder}/cpu_capacity"), &format!("{capacity}\n"));
            }
        }
        if let Some(list) = performance {
            write("sys/devices/cpu_core/cpus", list);
        }
        root
    }

    fn count(allowed: &str, cpus: &[(&str, Option<u32>)], performance: Option<&str>) -> Option<usize> {
        physical(system(allowed, cpus, performance).path())
    }

    /// Four cores of two threads: processors 0 to 3 are their first threads, 4 to 7 their second.
    const SMT: [(&str, Option<u32>); 8] = [
        ("0,4", None),
        ("1,5", None),
        ("2,6", None),
        ("3,7", None),
        ("0,4", None),
        ("1,5", None),
        ("2,6", None),
        ("3,7", None),
    ];

    #[test]
    fn a_core_counts_once_and_only_where_the_process_may_run() {
        assert_eq!(count("0-7", &SMT, None), Some(4));
        assert_eq!(count("0,4", &SMT, None), Some(1), "two threads of one core");
        assert_eq!(count("0-1,6", &SMT, None), Some(3));
        assert_eq!(count("0-63", &SMT, None), Some(4), "processors that are offline");
        assert_eq!(count("", &SMT, None), None);
    }

    #[test]
    fn performance_cores_count_where_there_are_some() {
        // Two performance cores of two threads, four efficiency cores.
        let cpus = ["0-1", "0-1", "2-3", "2-3", "4", "5", "6", "7"].map(|siblings| (siblings, None));
        assert_eq!(count("0-7", &cpus, Some("0-3\n")), Some(2));
        assert_eq!(count("2-7", &cpus, Some("0-3\n")), Some(1));
        assert_eq!(count("4-7", &cpus, Some("0-3\n")), Some(4), "none of them is to be had");
    }

    #[test]
    fn slow_cores_are_left_out_by_their_capacity() {
        let capacities = [1024, 870, 870, 870, 250, 250, 250, 250];
        let names: Vec<String> = (0..8).map(|cpu| cpu.to_string()).collect();
        let cpus: Vec<_> = names.iter().zip(capacities).map(|(name, c)| (name.as_str(), Some(c))).collect();
        assert_eq!(count("0-7", &cpus, None), Some(4));
        assert_eq!(count("4-7", &cpus, None), Some(4));
        let alike: Vec<_> = names.iter().map(|name| (name.as_str(), Some(1024))).collect();
        assert_eq!(count("0-7", &alike, None), Some(8));
    }

    #[test]
    fn a_system_that_says_nothing_is_not_guessed() {
        assert_eq!(physical(tempfile::tempdir().unwrap().path()), None);
        assert_eq!(set("0-2,x,7,9-8,"), BTreeSet::from([0, 1, 2, 7]));
    }
}
