//! Every chore of this repository: test, check, bless. Not shipped.

fn main() {}
