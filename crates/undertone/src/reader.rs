//! Transcripts read back from JSON, ours and openai-whisper's. Not the other formats: they keep too little.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use whisper::Language;

use crate::ledger::{Coverage, Event};
use crate::transcript::{Resume, Segment, Transcript, Word};

/// A transcript that can't be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file can't be read.
    #[error("can't read {}: {source}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is no transcript.
    #[error("{} is no transcript: {source}", .path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: NotATranscript,
    },
}

/// Why something is no transcript.
#[derive(Debug, thiserror::Error)]
#[error(
    "{0}; expected the JSON that undertone or openai-whisper writes: an object with text, segments and language"
)]
pub struct NotATranscript(String);

/// Reads a transcript from a JSON file.
///
/// # Errors
/// [`ReadError`]: there is no such file, or it holds something else.
pub fn read_file(path: &Path) -> Result<Transcript, ReadError> {
    let bytes = fs::read(path).map_err(|source| ReadError::File { path: path.to_owned(), source })?;
    read(&bytes).map_err(|source| ReadError::Content { path: path.to_owned(), source })
}

/// Reads a transcript from JSON. Segments need `start`, `end` and `text`, words need `word`, `start` and `end`; what
/// else is missing is as in [`Transcript::default`]. Python's `NaN` and `Infinity` are read as `null`, and a `null` as
/// no number.
///
/// # Errors
/// [`NotATranscript`] says what is wrong, with its line and column where it has them.
pub fn read(json: &[u8]) -> Result<Transcript, NotATranscript> {
    let json = json.strip_prefix("\u{feff}".as_bytes()).unwrap_or(json);
    // An array would be taken for the fields in their order.
    if json.trim_ascii_start().first().is_some_and(|byte| *byte != b'{') {
        return Err(NotATranscript("it is no JSON object".to_owned()));
    }
    let file: File = serde_json::from_slice(&without_python_numbers(json))
        .map_err(|error| NotATranscript(error.to_string()))?;
    let segments = file.segments.into_iter().enumerate().map(|(number, segment)| segment.checked(number));
    let segments = segments.collect::<Result<Vec<_>, _>>()?;
    let text = file.text.unwrap_or_else(|| segments.iter().map(|segment| segment.text.as_str()).collect());
    Ok(Transcript {
        text,
        segments,
        language: file.language.map(code).unwrap_or_default(),
        language_probability: file.language_probability,
        duration: file.duration.unwrap_or_default(),
        coverage: file.coverage,
        events: file.events,
        resume: file.resume,
        run: file.run.and_then(|run| serde_json::from_value(run).ok()),
    })
}

/// The code of a language that is named otherwise, as openai-whisper's JSON repeats what was typed.
fn code(name: String) -> String {
    name.parse::<Language>().map_or(name, |language| language.code().to_owned())
}

#[derive(Deserialize)]
struct File {
    text: Option<String>,
    segments: Vec<RawSegment>,
    language: Option<String>,
    language_probability: Option<f32>,
    duration: Option<f64>,
    #[serde(default)]
    coverage: Vec<Coverage>,
    #[serde(default)]
    events: Vec<Event>,
    resume: Option<Resume>,
    run: Option<Value>,
}

#[derive(Deserialize)]
struct RawSegment {
    id: Option<usize>,
    #[serde(default)]
    seek: usize,
    start: f64,
    end: f64,
    text: String,
    #[serde(default)]
    tokens: Vec<u32>,
    #[serde(default, deserialize_with = "number")]
    temperature: f64,
    #[serde(default, deserialize_with = "number")]
    avg_logprob: f64,
    #[serde(default, deserialize_with = "number")]
    compression_ratio: f64,
    #[serde(default, deserialize_with = "number")]
    no_speech_prob: f64,
    words: Option<Vec<RawWord>>,
    language: Option<String>,
}

#[derive(Deserialize)]
struct RawWord {
    word: String,
    start: f64,
    end: f64,
    #[serde(default, deserialize_with = "number")]
    probability: f64,
}

/// A number; `null` is none.
fn number<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    Option::deserialize(from).map(|number| number.unwrap_or(f64::NAN))
}

impl RawSegment {
    fn checked(self, number: usize) -> Result<Segment, NotATranscript> {
        let check = |start: f64, end: f64, what: String| {
            let fault = start.min(end) < 0.0;
            let message =
                || NotATranscript(format!("{what} is from {start} s to {end} s, before the sound begins"));
            if fault { Err(message()) } else { Ok(()) }
        };
        check(self.start, self.end, format!("segment {number}"))?;
        let words = self.words.map(|words| {
            let word = |(place, raw): (usize, RawWord)| {
                check(raw.start, raw.end, format!("word {place} of segment {number}"))?;
                let RawWord { word, start, end, probability } = raw;
                Ok(Word { word, start, end, probability })
            };
            words.into_iter().enumerate().map(word).collect::<Result<Vec<_>, _>>()
        });
        Ok(Segment {
            id: self.id.unwrap_or(number),
            seek: self.seek,
            start: self.start,
            end: self.end,
            text: self.text,
            tokens: self.tokens,
            temperature: self.temperature,
            avg_logprob: self.avg_logprob,
            compression_ratio: self.compression_ratio,
            no_speech_prob: self.no_speech_prob,
            words: words.transpose()?,
            language: self.language,
        })
    }
}

/// The same JSON with `null` for the numbers that Python writes and JSON lacks, outside of strings; columns stay for
/// all but what stands behind one of them on its line.
fn without_python_numbers(json: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len());
    let mut rest = json;
    let mut in_string = false;
    while let Some((&byte, after)) = rest.split_first() {
        let word =
            [b"-Infinity".as_slice(), b"Infinity", b"NaN"].into_iter().find(|word| rest.starts_with(word));
        match (in_string, byte, word) {
            (false, _, Some(word)) => {
                out.extend_from_slice(b"null");
                rest = &rest[word.len()..];
                continue;
            }
            (true, b'\\', _) => {
                out.extend_from_slice(&rest[..rest.len().min(2)]);
                rest = rest.get(2..).unwrap_or_default();
                continue;
            }
            (_, b'"', _) => in_string = !in_string,
            _ => {}
        }
        out.push(byte);
        rest = after;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_python_writes_is_read() {
        let json = r#"{"text": " NaN \" NaN", "segments": [{"id": 0, "seek": 0, "start": 0.0, "end": 1.5, "text": " NaN",
            "tokens": [50364], "temperature": 0.0, "avg_logprob": NaN, "compression_ratio": -Infinity,
            "no_speech_prob": 0.5, "words": [{"word": " NaN", "start": 0, "end": 1.5, "probability": 0.25}]}],
            "language": "en", "odd": Infinity}"#;
        let transcript = read(json.as_bytes()).unwrap();
        assert_eq!(transcript.text, " NaN \" NaN");
        let segment = &transcript.segments[0];
        assert!(segment.avg_logprob.is_nan() && segment.compression_ratio.is_nan());
        assert_eq!((segment.no_speech_prob, segment.tokens.as_slice()), (0.5, &[50_364][..]));
        assert_eq!(segment.words.as_ref().unwrap()[0].probability, 0.25);
    }

    #[test]
    fn little_is_needed() {
        let json = "\u{feff}{\"segments\": [{\"start\": 1, \"end\": 2, \"text\": \" a\"}, {\"start\": 2, \"end\": 3, \"text\": \" b\"}]}";
        let transcript = read(json.as_bytes()).unwrap();
        assert_eq!((transcript.text.as_str(), transcript.segments[1].id), (" a b", 1));
    }

    #[test]
    fn a_language_is_its_code_however_it_is_named() {
        for (name, expected) in
            [("German", "de"), ("Castilian", "es"), ("yue", "yue"), ("Klingon", "Klingon")]
        {
            let transcript = read(format!(r#"{{"segments": [], "language": "{name}"}}"#).as_bytes()).unwrap();
            assert_eq!(transcript.language, expected);
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let says = |json: &str, what: &str| {
            let message = read(json.as_bytes()).unwrap_err().to_string();
            assert!(message.starts_with(what) && message.contains("; expected the JSON"), "{message}");
        };
        says("", "EOF while parsing a value at line 1 column 0");
        says("[1]", "it is no JSON object");
        says("1\n00:00:00,000 --> 00:00:01,000\nHello.\n", "it is no JSON object");
        says("{\"text\": \"a\"}", "missing field `segments`");
        says("{\"segments\": [{\"start\": 1, \"end\": 2}]}", "missing field `text`");
        says(
            "{\"segments\": [{\"start\": null, \"end\": 2, \"text\": \"\"}]}",
            "invalid type: null, expected f64",
        );
        says(
            "{\"segments\": [{\"start\": -1, \"end\": 2, \"text\": \"\"}]}",
            "segment 0 is from -1 s to 2 s",
        );
        says(&format!("{{\"run\": {}", "[".repeat(10_000)), "recursion limit exceeded");
        says("{\"segments\": [{\"start\": 1, \"end\": 2, \"te", "EOF while parsing");
    }
}
