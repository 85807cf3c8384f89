//! Recordings on their way through the model, and what becomes of each: files, standard output, an account. Not the
//! choice of any of these.

use crate::batch::Batch;
use crate::engine::{self, About, Loudness};
use crate::interrupt::Interrupt;
use crate::progress::Seconds;
use crate::resume::{self, Before};
use crate::teller::{Show, Teller};
use crate::{exit, standard};
use anyhow::anyhow;
use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;
use undertone::report::Report;
use undertone::writers::{self, Format};
use undertone::{Error, Job, Jobs, Listener, Options, Outcome, Transcript, outputs};

/// The files of a batch that are still to come.
pub struct Queue<'a> {
    batch: &'a Batch<'a>,
    /// What is to be written of each file.
    plan: Vec<Vec<(Format, PathBuf)>>,
    next: usize,
    failed: bool,
}

impl<'a> Queue<'a> {
    /// Every file of `batch`.
    ///
    /// # Errors
    /// Two files would be written to one, or the folder can't be made.
    pub fn new(batch: &'a Batch<'a>) -> Result<Queue<'a>, Error> {
        let plan = match batch.write {
            Some((folder, formats)) => {
                let plan = outputs::plan(folder, batch.files, formats)?;
                outputs::make_folder(folder)?;
                plan
            }
            None => vec![Vec::new(); batch.files.len()],
        };
        Ok(Queue { batch, plan, next: 0, failed: false })
    }

    /// What the process ends with where no file is left to transcribe.
    pub fn code(&self) -> ExitCode {
        if self.failed { ExitCode::from(exit::FAILED) } else { ExitCode::SUCCESS }
    }

    /// The next file that can be opened and is not done yet; the others are told of.
    pub fn open(&mut self) -> Option<(usize, Job)> {
        loop {
            let id = self.next;
            let file = self.batch.files.get(id)?;
            self.next += 1;
            let before = if self.batch.resume { self.before(id) } else { Before::Nothing };
            let before = match before {
                Before::Nothing => None,
                Before::Part(transcript) => Some(*transcript),
                Before::Whole => {
                    self.tell(Loudness::Normal, id, "it is transcribed already");
                    continue;
                }
            };
            match engine::sound(file, self.batch.ffmpeg, self.batch.wanted.loudness) {
                Ok(sound) => return Some((id, Job { sound, before })),
                Err(error) => self.fail(id, &error),
            }
        }
    }

    fn before(&self, id: usize) -> Before {
        match self.json(id) {
            Some(json) => resume::look(&self.plan[id], &json),
            None => Before::Nothing,
        }
    }

    /// Where the JSON of a file is, or would be.
    fn json(&self, id: usize) -> Option<PathBuf> {
        let (folder, _) = self.batch.write?;
        let plan = outputs::plan(folder, &self.batch.files[id..=id], &[Format::Json]);
        plan.ok()?.into_iter().flatten().map(|(_, path)| path).next()
    }

    fn fail(&mut self, id: usize, error: &anyhow::Error) {
        self.failed = true;
        standard::complain(&format!("{}: {error}", self.batch.files[id].display()));
    }

    fn tell(&self, least: Loudness, id: usize, what: &str) {
        if self.batch.wanted.loudness >= least {
            standard::say(&format!("{}: {what}", self.batch.files[id].display()));
        }
    }
}

/// Files on their way, and those to come.
pub struct Work<'a> {
    queue: Queue<'a>,
    options: &'a Options,
    about: &'a About,
    interrupt: &'a Interrupt,
    /// What the user is told before each file is heard.
    greeting: Option<&'static str>,
    /// The file that was opened first.
    first: Option<(usize, Job)>,
    under_way: BTreeMap<usize, (Teller, Instant)>,
    /// Why nothing more can be told.
    unwritable: Option<io::Error>,
}

impl<'a> Work<'a> {
    /// The files of `queue`, `first` before them.
    pub fn new(
        queue: Queue<'a>,
        first: (usize, Job),
        (options, about): (&'a Options, &'a About),
        interrupt: &'a Interrupt,
    ) -> Work<'a> {
        let detects = about.multilingual && options.language.is_none();
        let greeting = (queue.batch.show == Show::Account(true) && detects).then_some(
            "Detecting language using up to the first 30 seconds. Use `--language` to specify the language",
        );
        let (first, under_way) = (Some(first), BTreeMap::new());
        Work { queue, options, about, interrupt, greeting, first, under_way, unwritable: None }
    }

    /// What the process ends with.
    pub fn code(self) -> anyhow::Result<ExitCode> {
        let left = self.queue.batch.files.len() - self.queue.next;
        if let Some(error) = self.unwritable {
            return Err(unwritable(&error));
        }
        if self.interrupt.asked() {
            if left > 0 && self.queue.batch.wanted.loudness > Loudness::Quiet {
                standard::say(&format!("files not begun: {left}"));
            }
            return Ok(ExitCode::from(exit::INTERRUPTED));
        }
        Ok(self.queue.code())
    }

    /// Writes what came of a file.
    fn keep(&mut self, id: usize, outcome: Outcome) -> anyhow::Result<()> {
        let batch = self.queue.batch;
        let started = self.under_way.get(&id).map_or_else(Instant::now, |(_, started)| *started);
        let Outcome { mut transcript, damage, stopped } = outcome;
        transcript.run = Some(self.about.run(self.options, started.elapsed().as_secs_f64()));
        for (format, path) in &self.queue.plan[id] {
            writers::write_file_with(*format, &transcript, &batch.lines, path)?;
            self.queue.tell(Loudness::Verbose, id, &format!("wrote {}", path.display()));
        }
        self.keep_place(id, &transcript)?;
        if let Show::Format(format) = batch.show {
            let mut data = Vec::new();
            writers::write_with(format, &transcript, &batch.lines, &mut data)?;
            if format == Format::Json {
                data.push(b'\n');
            }
            self.unwritable = standard::print(&data).err().or(self.unwritable.take());
        }
        if batch.report {
            standard::say(&format!("{}:\n{}", batch.files[id].display(), Report(&transcript)));
        }
        if let Some(at) = stopped {
            let go_on = if batch.write.is_some() && batch.resumable {
                "the same command with --resume goes on from there".to_owned()
            } else {
                format!("--clip_timestamps {at} goes on from there")
            };
            let what = format!("stopped at {at:.2} of {:.2} s; {go_on}", transcript.duration);
            self.queue.tell(Loudness::Normal, id, &what);
        }
        damage.map_or(Ok(()), |damage| Err(damage.into()))
    }

    /// Keeps the place of a stopped file in its JSON, where none is asked for; removes it when the file is through.
    fn keep_place(&self, id: usize, transcript: &Transcript) -> anyhow::Result<()> {
        let planned = self.queue.plan[id].iter().any(|(format, _)| *format == Format::Json);
        let Some(json) = self.queue.json(id).filter(|_| !planned && self.queue.batch.resumable) else {
            return Ok(());
        };
        if transcript.resume.is_some() {
            writers::write_file(Format::Json, transcript, &json)?;
        } else if self.queue.batch.resume && matches!(resume::look(&[], &json), Before::Part(_)) {
            std::fs::remove_file(&json)
                .map_err(|error| anyhow!("can't remove {}: {error}", json.display()))?;
        }
        Ok(())
    }

    /// Lets the first file under way tell, and those behind it that are over as well.
    fn take_turns(&mut self) {
        while let Some(mut first) = self.under_way.first_entry() {
            let (batch, file) = (self.queue.batch, &self.queue.batch.files[*first.key()]);
            let (teller, _) = first.get_mut();
            teller.turn(|| bar(batch, file));
            if !teller.over {
                break;
            }
            self.unwritable = self.unwritable.take().or(teller.failure());
            first.remove();
        }
    }
}

/// Lines on a terminal are progress enough.
fn bar(batch: &Batch<'_>, file: &Path) -> Seconds {
    let lines = matches!(batch.show, Show::Lines | Show::Account(true));
    if lines && io::stdout().is_terminal() {
        return Seconds::none();
    }
    let name = file.file_name().unwrap_or(file.as_os_str());
    Seconds::new(batch.wanted.loudness, &name.to_string_lossy())
}

impl Jobs for Work<'_> {
    fn next(&mut self) -> Option<(usize, Job)> {
        let (id, job) = self.first.take().or_else(|| self.queue.open())?;
        let batch = self.queue.batch;
        let mut teller = Teller::new(batch.show, batch.wanted.loudness, batch.colours);
        if let Some(greeting) = self.greeting {
            teller.tell(greeting);
        }
        self.under_way.insert(id, (teller, Instant::now()));
        self.take_turns();
        Some((id, job))
    }

    fn listener(&mut self, id: usize) -> &mut dyn Listener {
        let batch = self.queue.batch;
        let teller = || (Teller::new(batch.show, batch.wanted.loudness, batch.colours), Instant::now());
        &mut self.under_way.entry(id).or_insert_with(teller).0
    }

    fn done(&mut self, id: usize, outcome: Result<Outcome, Error>) {
        if let Err(error) = outcome.map_err(anyhow::Error::from).and_then(|outcome| self.keep(id, outcome)) {
            self.queue.fail(id, &error);
        }
        if let Some((teller, _)) = self.under_way.get_mut(&id) {
            teller.over = true;
        }
        self.take_turns();
    }

    fn stopped(&self) -> bool {
        self.interrupt.asked() || self.unwritable.is_some()
    }
}

fn unwritable(error: &io::Error) -> anyhow::Error {
    anyhow!("can't write to standard output: {error}")
}
