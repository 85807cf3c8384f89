//! The floors: a crate imports only crates on lower floors. Not a check of what is imported from the registry.

use anyhow::{Result, bail};
use serde_json::Value;

use crate::cargo;
use crate::chores::Outcome;

/// What stands on each floor. A new crate gets its line here first.
const FLOORS: &[(&str, Floor)] = &[
    ("graph", Floor::Shipped(0)),
    ("audio", Floor::Shipped(0)),
    ("compiler", Floor::Shipped(1)),
    ("cpu", Floor::Shipped(2)),
    ("whisper", Floor::Shipped(3)),
    ("vad", Floor::Shipped(3)),
    ("undertone", Floor::Shipped(4)),
    ("server", Floor::Shipped(5)),
    ("python", Floor::Shipped(5)),
    ("cli", Floor::Shipped(6)),
    ("testkit", Floor::Tests),
    ("xtask", Floor::Chores),
];

/// The crates on the devices' floor. Only `OPENS_DEVICES` may import one outside its tests.
const DEVICES: &[&str] = &["cpu"];
const OPENS_DEVICES: &str = "undertone";

#[derive(Clone, Copy, PartialEq, Debug)]
enum Floor {
    /// In the product, at this height.
    Shipped(u8),
    /// For tests only: any crate's tests may import it, and it may import anything shipped.
    Tests,
    /// Nothing imports it.
    Chores,
}

/// Fails on any edge that does not lead down, naming each.
pub fn check(metadata: &Value) -> Result<Outcome> {
    let (edges, faults) = faults(metadata);
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    Ok(Outcome::Passed(format!("{edges} edges")))
}

/// The number of edges between our crates, and what is wrong with them.
fn faults(metadata: &Value) -> (usize, Vec<String>) {
    let (mut edges, mut faults) = (0, Vec::new());
    for package in cargo::packages(metadata) {
        let from = package["name"].as_str().unwrap_or_default();
        if floor(from).is_none() {
            faults.push(format!("{from} has no floor: add it to FLOORS in crates/xtask/src/floors.rs"));
        }
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            // Only our own crates are imported by path.
            if dependency["path"].is_null() {
                continue;
            }
            edges += 1;
            let to = dependency["name"].as_str().unwrap_or_default();
            let in_tests = dependency["kind"] == "dev";
            faults.extend(fault(from, to, in_tests));
        }
    }
    (edges, faults)
}

/// What is wrong with the edge `from` -> `to`; `in_tests` for a development dependency.
fn fault(from: &str, to: &str, in_tests: bool) -> Option<String> {
    match (floor(from)?, floor(to)?) {
        (_, Floor::Chores) => Some(format!("{from} imports {to}: nothing may")),
        (_, Floor::Tests) if in_tests => None,
        (_, Floor::Tests) => Some(format!("{from} imports {to} outside its tests")),
        (Floor::Shipped(high), Floor::Shipped(low)) if low >= high => {
            Some(format!("{from} (floor {high}) imports {to} (floor {low}): imports lead down only"))
        }
        (Floor::Shipped(_), Floor::Shipped(_)) if !in_tests && opens_device_wrongly(from, to) => {
            Some(format!("{from} imports the device {to}: only {OPENS_DEVICES} picks devices"))
        }
        _ => None,
    }
}

fn opens_device_wrongly(from: &str, to: &str) -> bool {
    DEVICES.contains(&to) && from != OPENS_DEVICES
}

fn floor(name: &str) -> Option<Floor> {
    FLOORS.iter().find(|(crate_name, _)| *crate_name == name).map(|(_, floor)| *floor)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn one(from: &str, to: &str, kind: Option<&str>) -> Vec<String> {
        let dependencies = json!([
            { "name": to, "path": "/somewhere", "kind": kind },
            { "name": "serde", "kind": null },
        ]);
        let metadata = json!({ "packages": [{ "name": from, "dependencies": dependencies }] });
        let (edges, faults) = faults(&metadata);
        assert_eq!(edges, 1);
        faults
    }

    #[test]
    fn imports_lead_down() {
        assert!(one("compiler", "graph", None).is_empty());
        assert!(one("undertone", "cpu", None).is_empty());
        assert_eq!(
            one("compiler", "cpu", None),
            ["compiler (floor 1) imports cpu (floor 2): imports lead down only"]
        );
        assert_eq!(one("graph", "audio", None).len(), 1, "same floor");
        assert_eq!(one("graph", "compiler", Some("build")).len(), 1, "build dependencies count");
        assert_eq!(one("compiler", "cpu", Some("dev")).len(), 1, "tests look down too");
    }

    #[test]
    fn devices_are_opened_in_one_crate() {
        assert_eq!(
            one("whisper", "cpu", None),
            ["whisper imports the device cpu: only undertone picks devices"]
        );
        assert!(one("whisper", "cpu", Some("dev")).is_empty());
    }

    #[test]
    fn testkit_is_for_tests() {
        assert!(one("graph", "testkit", Some("dev")).is_empty());
        assert!(one("testkit", "cpu", None).is_empty());
        assert_eq!(one("graph", "testkit", None), ["graph imports testkit outside its tests"]);
        assert_eq!(one("graph", "xtask", Some("dev")), ["graph imports xtask: nothing may"]);
    }

    #[test]
    fn a_crate_without_a_floor_is_named() {
        let metadata = json!({ "packages": [{ "name": "novel", "dependencies": [] }] });
        assert!(faults(&metadata).1[0].starts_with("novel has no floor"));
    }
}
