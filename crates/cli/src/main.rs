//! The `undertone` command. Not a library: it only wires flags to one.

fn main() {}
