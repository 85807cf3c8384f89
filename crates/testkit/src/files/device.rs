//! The commands that need devices: plan and run. Not bound to one: each device's crate brings its own.

use super::{Command, EXPECT, FileTest, Verdict};
use crate::conformance::{Tolerance, agree};
use crate::plans;
use compiler::{Device, compile};
use graph::{Graph, text};

/// `test plan NAME`, with a device that is the same on every machine, so that its programs are, too.
pub fn plan(name: &'static str, device: Box<dyn Device>) -> Command {
    let run = move |test: &FileTest| {
        if test.args != [name] {
            return Err(format!("expected `; test plan {name}`, got {:?}", test.head()));
        }
        let program = compile(&parse(test)?, device.as_ref()).map_err(|e| e.to_string())?;
        plans::check(&program)?;
        let mut text = format!("{}\n{EXPECT}\n", given(test));
        program.to_string().lines().for_each(|line| text.extend(["; ", line, "\n"]));
        Ok(text)
    };
    Command { name: "plan", run: Box::new(run) }
}

/// `test run`: on each of the devices, at the smallest, a middle and the largest sizes, against the interpreter.
pub fn run(devices: Vec<(String, Box<dyn Device>)>) -> Command {
    let run = move |test: &FileTest| -> Verdict {
        let graph = parse(test)?;
        for (name, device) in &devices {
            for (seed, size) in [0, 3, usize::MAX].into_iter().enumerate() {
                agree(device.as_ref(), &graph, (size, seed as u64), Tolerance::OfGreatest(3e-5))
                    .map_err(|e| format!("{name}, symbols near {size}: {e}"))?;
            }
        }
        Ok(test.text.clone())
    };
    Command { name: "run", run: Box::new(run) }
}

fn given(test: &FileTest) -> &str {
    test.text.split(&format!("\n{EXPECT}")).next().unwrap_or_default().trim_end()
}

fn parse(test: &FileTest) -> Result<Graph, String> {
    Ok(text::parse(given(test)).map_err(|e| e.to_string())?.graph)
}
