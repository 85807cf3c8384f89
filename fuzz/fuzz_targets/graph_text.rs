//! Any text as a graph: an error, or a graph that the verifier judges without panicking; a lawful one is read back
//! as it was printed. Not a run of it.
#![no_main]

use graph::text::{parse, print};
use graph::verify::verify;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(parsed) = parse(text) else { return };
    if verify(&parsed.graph).is_ok() {
        let printed = print(&parsed.graph);
        let again = parse(&printed).expect("what is printed can be read");
        assert_eq!(again.graph, parsed.graph, "what is printed is read as another graph:\n{printed}");
    }
});
