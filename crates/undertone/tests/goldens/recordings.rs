//! The recordings beside the checkout and what openai-whisper says on them. Not the comparison's verdict.

use audio::Sound;
use serde_json::Value;
use sha1::{Digest, Sha1};
use std::fmt;
use std::path::{Path, PathBuf};
use undertone::{Transcript, Word};

/// The folder of recordings with its goldens.
pub struct Recordings(PathBuf);

impl Recordings {
    /// The folder, if it is there. Says so where it is not; on CI that is a failure.
    pub fn find() -> Option<Recordings> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/audio");
        if folder.is_dir() {
            return Some(Recordings(folder));
        }
        assert!(std::env::var_os("CI").is_none(), "{} is absent, and this is CI", folder.display());
        println!("skipped: {} is absent", folder.display());
        None
    }

    /// Every file with a golden of its own; two files of one stem share a name, and the golden says whose it is.
    pub fn files(&self) -> Vec<String> {
        let manifest =
            std::fs::read_to_string(self.0.join("manifest.tsv")).expect("the manifest can be read");
        let names = manifest.lines().skip(1).filter_map(|line| line.split('\t').next()).map(str::to_owned);
        let own = |name: &String| {
            let golden = self.golden(name, "greedy");
            golden.exists() && Golden::read(self, name, "greedy").json["meta"]["audio"] == name.as_str()
        };
        names.filter(own).collect()
    }

    /// What openai-whisper's first window holds inside, where it was kept.
    pub fn internals(&self, file: &str) -> PathBuf {
        self.0.join("golden").join(format!("{}.internals.npz", stem(file)))
    }

    /// The recording.
    pub fn path(&self, file: &str) -> PathBuf {
        self.0.join(file)
    }

    /// The samples that ffmpeg made of it, where they are not its own.
    pub fn pcm(&self, file: &str) -> PathBuf {
        self.0.join("golden").join(format!("{}.pcm.flac", stem(file)))
    }

    /// Whether openai-whisper's result in `variant` was kept.
    pub fn has(&self, file: &str, variant: &str) -> bool {
        self.golden(file, variant).exists()
    }

    fn golden(&self, file: &str, variant: &str) -> PathBuf {
        self.0.join("golden").join(format!("{}.{variant}.json", stem(file)))
    }
}

fn stem(file: &str) -> &str {
    file.rsplit_once('.').map_or(file, |(stem, _)| stem)
}

/// openai-whisper's result for one recording.
pub struct Golden {
    file: String,
    json: Value,
}

impl Golden {
    pub fn read(recordings: &Recordings, file: &str, variant: &str) -> Golden {
        let path = recordings.golden(file, variant);
        let text = std::fs::read_to_string(path).expect("the golden can be read");
        Golden { file: file.to_owned(), json: serde_json::from_str(&text).expect("the golden is JSON") }
    }

    /// The code of its language.
    pub fn language(&self) -> &str {
        self.json["language"].as_str().expect("the language is a code")
    }

    /// The tokens of all segments.
    pub fn tokens(&self) -> Vec<u32> {
        let segments = self.json["segments"].as_array().expect("segments are a list");
        let tokens = segments.iter().map(|s| serde_json::from_value::<Vec<u32>>(s["tokens"].clone()));
        tokens.flat_map(|tokens| tokens.expect("tokens are ids")).collect()
    }

    /// A number of the first segment.
    pub fn first(&self, name: &str) -> f64 {
        self.json["segments"][0][name].as_f64().expect("numbers are numbers")
    }

    /// A sound of exactly the samples that the golden was made from: the file's own, or ffmpeg's. `None`, said
    /// aloud, for a file that is no speech and whose converted samples were not kept.
    pub fn sound_of_its_samples(&self, recordings: &Recordings, file: &str) -> Option<Sound> {
        let wanted = self.json["meta"]["pcm_sha1"].as_str().expect("the golden names its samples");
        let own = Sound::open(&recordings.path(file)).expect("the recording opens");
        if sha1(&samples(&own)) == wanted {
            return Some(own);
        }
        let pcm = recordings.pcm(file);
        if !pcm.exists() {
            println!("{file}: not compared, its samples are not the golden's");
            return None;
        }
        let sound = Sound::open(&pcm).expect("the converted samples open");
        assert_eq!(sha1(&samples(&sound)), wanted, "{file}: the samples of {}", pcm.display());
        Some(sound)
    }

    /// Everything in which `transcript` differs.
    pub fn differences(&self, transcript: &Transcript) -> Vec<String> {
        let mut out = Vec::new();
        let mut fault = |what: String| out.push(format!("{}: {what}", self.file));
        if self.json["language"] != transcript.language.as_str() {
            fault(format!("language {} is {}", self.json["language"], transcript.language));
        }
        if self.json["text"] != transcript.text.as_str() {
            fault(format!("text\n  {}\n  {:?}", self.json["text"], transcript.text));
        }
        let segments = self.json["segments"].as_array().expect("segments are a list");
        if segments.len() != transcript.segments.len() {
            fault(format!("{} segments are {}", segments.len(), transcript.segments.len()));
        }
        for (golden, ours) in segments.iter().zip(&transcript.segments) {
            let at = format!("segment {} at {:.2} s", ours.id, ours.start);
            let tokens: Vec<u32> = serde_json::from_value(golden["tokens"].clone()).expect("tokens are ids");
            if tokens != ours.tokens {
                fault(format!("{at}: tokens\n  {tokens:?}\n  {:?}", ours.tokens));
                break;
            }
            let numbers = [
                ("seek", ours.seek as f64, 0.0),
                ("start", ours.start, 1e-9),
                ("end", ours.end, 1e-9),
                ("avg_logprob", ours.avg_logprob, 1e-3),
                ("no_speech_prob", ours.no_speech_prob, 1e-3),
                ("compression_ratio", ours.compression_ratio, 1e-12),
                ("temperature", ours.temperature, 0.0),
            ];
            for (name, value, within) in numbers {
                let expected = golden[name].as_f64().expect("numbers are numbers");
                if (value - expected).abs() > within {
                    fault(format!("{at}: {name} {expected} is {value}"));
                }
            }
        }
        out
    }

    /// How far the starts and ends of words are from the golden's, in seconds; none where there are other words.
    pub fn word_distances(&self, transcript: &Transcript) -> Option<Vec<f64>> {
        let segments = self.json["segments"].as_array().expect("segments are a list");
        let words = segments.iter().flat_map(|s| s["words"].as_array().map_or(&[][..], Vec::as_slice));
        let ours: Vec<&Word> = transcript.segments.iter().flat_map(|s| s.words.iter().flatten()).collect();
        let golden: Vec<&Value> = words.collect();
        if golden.len() != ours.len() {
            return None;
        }
        let mut all = Vec::with_capacity(2 * ours.len());
        for (golden, ours) in golden.into_iter().zip(ours) {
            if golden["word"] != ours.word.as_str() {
                return None;
            }
            let at = |name: &str| golden[name].as_f64().expect("times are numbers");
            all.extend([(at("start") - ours.start).abs(), (at("end") - ours.end).abs()]);
        }
        Some(all)
    }

    /// Words of the golden and of `text` at the same place that differ, after the words that both start with and
    /// before those that both end with.
    pub fn differing_words(&self, text: &str) -> (Vec<String>, Vec<String>) {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let (mut a, mut b) = (words(self.json["text"].as_str().unwrap_or_default()), words(text));
        let same = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
        a.drain(..same);
        b.drain(..same);
        while a.last().is_some() && a.last() == b.last() {
            a.pop();
            b.pop();
        }
        (a, b)
    }
}

/// How far two recordings are apart, in units of a 16-bit sample.
pub struct Difference {
    pub length: usize,
    pub largest: i32,
    pub rms: f64,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Difference { length, largest, rms } = self;
        write!(f, "length differs by {length}, samples by at most {largest}, rms {rms:.2}")
    }
}

/// Our samples of `file` beside ffmpeg's.
pub fn report_samples(recordings: &Recordings, file: &str) -> Difference {
    let read = |path: &Path| samples(&Sound::open(path).expect("the recording opens"));
    let (ours, theirs) = (read(&recordings.path(file)), read(&recordings.pcm(file)));
    let apart = ours.iter().zip(&theirs).map(|(a, b)| (i32::from(*a) - i32::from(*b)).abs());
    let squares: f64 = apart.clone().map(|d| f64::from(d) * f64::from(d)).sum();
    Difference {
        length: ours.len().abs_diff(theirs.len()),
        largest: apart.max().unwrap_or(0),
        rms: (squares / ours.len().min(theirs.len()).max(1) as f64).sqrt(),
    }
}

fn samples(sound: &Sound) -> Vec<i16> {
    let mut samples = sound.samples().expect("the recording can be read");
    let (mut all, mut block) = (Vec::new(), vec![0; 1 << 16]);
    loop {
        let got = samples.read(&mut block).expect("the recording is whole");
        all.extend_from_slice(&block[..got]);
        if got == 0 {
            return all;
        }
    }
}

/// SHA-1 of the samples as openai-whisper has them: little-endian f32, divided by 32768.
fn sha1(samples: &[i16]) -> String {
    let mut hash = Sha1::new();
    for block in samples.chunks(4096) {
        let bytes: Vec<u8> = block.iter().flat_map(|s| (f32::from(*s) / 32768.0).to_le_bytes()).collect();
        hash.update(&bytes);
    }
    hash.finalize().iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
