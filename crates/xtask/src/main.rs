//! The entry of every chore of this repository: test, cross, check, bless, assets. Not a chore itself, and not shipped.

#![forbid(unsafe_code)]

mod assets;
mod cargo;
mod check;
mod chores;
mod cross;
mod deny;
mod floors;
mod sources;
mod testing;

use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::assets::Asset;
use crate::chores::Chores;

/// Every chore of this repository.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Args {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Run everything that must pass: the checks that take no build, then every test of the workspace.
    Test {
        /// Handed to `cargo test` in place of `--workspace`, such as `-p audio` or `-p graph -- softmax`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        cargo_args: Vec<String>,
    },
    /// Formatting, clippy, docs, floors, source rules, generated files and dependencies, warnings denied.
    Check,
    /// Run the tests of `cpu` for AArch64 in an emulator, where QEMU, a linker and the target are installed.
    Cross {
        /// Handed to `cargo test -p cpu`, such as `--lib` or `-- softmax`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        cargo_args: Vec<String>,
    },
    /// Rewrite the expectations of graph file tests and snapshots, and docs/ops.md. Review them with git diff.
    Bless {
        /// Handed to `cargo test` in place of the packages that hold graph file tests, such as `-p cli`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        cargo_args: Vec<String>,
    },
    /// Regenerate the manual page under assets/man.
    Man,
    /// Regenerate the shell completions under assets/completions.
    Completions,
    /// Regenerate everything under assets.
    Assets,
}

fn main() -> ExitCode {
    let chore = Args::parse().chore;
    if let Err(error) = std::env::set_current_dir(cargo::root()) {
        eprintln!("cannot enter {}: {error}", cargo::root().display());
        return ExitCode::FAILURE;
    }
    let mut chores = Chores::new();
    match chore {
        Chore::Test { cargo_args } => {
            check::instant(&mut chores);
            testing::test(&mut chores, &cargo_args);
        }
        Chore::Cross { cargo_args } => cross::test(&mut chores, &cargo_args),
        Chore::Check => check::all(&mut chores),
        Chore::Bless { cargo_args } => testing::bless(&mut chores, &cargo_args),
        Chore::Man => assets::write(&mut chores, Path::new("."), |asset| matches!(asset, Asset::Man)),
        Chore::Completions => {
            assets::write(&mut chores, Path::new("."), |asset| matches!(asset, Asset::Completions(..)));
        }
        Chore::Assets => assets::write(&mut chores, Path::new("."), |_| true),
    }
    chores.finish()
}
