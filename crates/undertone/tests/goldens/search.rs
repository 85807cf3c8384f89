//! Searches of single windows: beams against openai-whisper's, and that what comes of a search does not depend on
//! the searches beside it. Not whole recordings: see `tokens`.

use crate::model;
use crate::recordings::{Golden, Recordings};
use std::sync::Arc;
use undertone::recording::Recording;
use whisper::{
    Attempt, DecodeOptions, Decoded, LogitRule, Method, Model, RuleOptions, Rules, Search, Seed, Session,
    SessionOptions, Start, Task, decode,
};

/// Recordings of one window each: two readers, one of them noisy, and two other languages.
const FILES: [&str; 4] =
    ["jfk.flac", "ls-1089-134691-0000.flac", "aishell-BAC009S0724W0121.flac", "vctk-noisy-p287_001.flac"];

/// Windows that are encoded, and the rows of their searches.
struct Bench {
    session: Session,
    model: Arc<Model>,
    rules: Arc<Rules>,
    /// What openai-whisper says of each window.
    golden: Vec<Golden>,
}

impl Bench {
    fn new(recordings: &Recordings, files: &[&str], rows: usize) -> Bench {
        let model = model();
        let options = SessionOptions { rows, windows: files.len() };
        let mut session = Session::new(model.clone(), &cpu::Cpu::new(2), options).expect("it compiles");
        let rules =
            Arc::new(Rules::new(&model.tokenizer, &model.config, &RuleOptions::default()).expect("they fit"));
        session.set_biases(&rules.bias_table());
        let mut golden = Vec::new();
        for (window, file) in files.iter().enumerate() {
            let sound = audio::Sound::open(&recordings.path(file)).expect("the recording opens");
            let mut recording = Recording::new(&sound, &mut session).expect("it scans");
            let frames = recording.frames();
            let mel = recording.decoded(&mut session, 0, frames).expect("it is one window").to_vec();
            session.encode(&mel, window).expect("it encodes");
            golden.push(Golden::read(recordings, file, "beam5"));
        }
        Bench { session, model, rules, golden }
    }

    fn method(&self, options: &DecodeOptions, steer: &[Arc<dyn LogitRule>]) -> Arc<Method> {
        Method::new(&self.model, &self.rules, steer, options).expect("the options fit")
    }

    fn search(&self, method: &Arc<Method>, window: usize, first_row: usize) -> Search {
        let language = self.golden[window].language().parse().expect("the language is known");
        let start = Start::new(language, Task::Transcribe, true);
        let attempt = Attempt::new(&self.model, window, &[], start).expect("it fits");
        Search::new(method, attempt, Seed(7).of(window as u64, 0.5), first_row)
    }

    /// Searches each window of `order` in the rows of its own place there.
    fn decode(&mut self, method: &Arc<Method>, width: usize, order: &[usize]) -> Vec<Decoded> {
        let searches = order.iter().enumerate().map(|(at, window)| self.search(method, *window, at * width));
        let searches = searches.collect();
        decode(&mut self.session, searches).expect("it decodes")
    }

    /// What comes of windows 0 and 1 side by side, in either order, is what comes of each alone.
    fn company_changes_nothing(
        &mut self,
        options: &DecodeOptions,
        steer: &[Arc<dyn LogitRule>],
    ) -> Vec<Decoded> {
        let (method, width) = (self.method(options, steer), Search::width(options));
        let together = self.decode(&method, width, &[0, 1]);
        let mut reversed = self.decode(&method, width, &[1, 0]);
        reversed.reverse();
        assert_eq!(together, reversed, "{options:?}");
        for (window, beside) in together.iter().enumerate() {
            assert_eq!(self.decode(&method, width, &[window]), std::slice::from_ref(beside), "{options:?}");
        }
        together
    }
}

#[test]
fn beams_find_the_tokens_of_openai_whisper() {
    let Some(recordings) = Recordings::find() else { return };
    let mut bench = Bench::new(&recordings, &FILES, 5 * FILES.len());
    let options = DecodeOptions { beam_size: Some(5), ..DecodeOptions::default() };
    let method = bench.method(&options, &[]);
    let together = bench.decode(&method, 5, &[0, 1, 2, 3]);
    for ((golden, decoded), file) in bench.golden.iter().zip(&together).zip(FILES) {
        assert_eq!(golden.tokens(), decoded.tokens, "{file}");
        let within = |what: &str, ours: f64| {
            let theirs = golden.first(what);
            assert!((theirs - ours).abs() < 1e-3, "{file}: {what} {theirs} is {ours}");
        };
        within("avg_logprob", decoded.avg_logprob);
        within("no_speech_prob", decoded.no_speech_prob);
        within("compression_ratio", decoded.compression_ratio);
    }
    let mut reversed = bench.decode(&method, 5, &[3, 2, 1, 0]);
    reversed.reverse();
    assert_eq!(together, reversed);
    assert_eq!(bench.decode(&method, 5, &[2]), together[2..3]);
}

/// Bans one token.
struct Without(u32);

impl LogitRule for Without {
    fn apply(&self, _: &[u32], bias: &mut [f32]) {
        bias[self.0 as usize] = f32::NEG_INFINITY;
    }
}

#[test]
fn draws_and_steering_do_not_depend_on_company() {
    let Some(recordings) = Recordings::find() else { return };
    let mut bench = Bench::new(&recordings, &FILES[..2], 14);
    let greedy = DecodeOptions::default();
    let likeliest = bench.company_changes_nothing(&greedy, &[]);

    let drawn = DecodeOptions { temperature: 0.8, best_of: Some(3), ..greedy.clone() };
    let drawn = bench.company_changes_nothing(&drawn, &[]);
    assert!(drawn.iter().zip(&likeliest).all(|(a, b)| a.temperature == 0.8 && a.avg_logprob < b.avg_logprob));

    let eot = bench.model.tokenizer.specials().eot;
    let word = likeliest[0].tokens.iter().copied().find(|token| *token < eot).expect("there is a word");
    let steered = bench.company_changes_nothing(&greedy, &[Arc::new(Without(word))]);
    assert!(!steered[0].tokens.contains(&word) && !steered[0].text.is_empty(), "{}", steered[0].text);

    // Beams whose candidates are ranked by the host: more than the graph ranks.
    let beams = DecodeOptions { beam_size: Some(7), patience: Some(1.5), ..greedy.clone() };
    let beams = bench.company_changes_nothing(&beams, &[]);
    assert!(beams.iter().zip(&likeliest).all(|(a, b)| a.avg_logprob > b.avg_logprob - 0.05));

    let penalised = DecodeOptions { repetition_penalty: 1.5, no_repeat_ngram_size: 1, ..greedy };
    let penalised = bench.company_changes_nothing(&penalised, &[]);
    for decoded in penalised {
        let mut tokens = decoded.tokens.clone();
        tokens.sort_unstable();
        tokens.dedup();
        assert_eq!(tokens.len(), decoded.tokens.len(), "{}", decoded.text);
    }
}

/// The values are those of openai-whisper's `decode` with the same options on the encoded first window.
#[test]
fn prefixes_lengths_and_widths_decide_as_in_openai_whisper() {
    let Some(recordings) = Recordings::find() else { return };
    let mut bench = Bench::new(&recordings, &FILES[..1], 7);
    let greedy = DecodeOptions::default();
    let beams = |beam_size| DecodeOptions { beam_size: Some(beam_size), ..greedy.clone() };
    let cut = |sample_len| DecodeOptions { sample_len: Some(sample_len), ..greedy.clone() };
    // " And so my fellow"; with timestamps the transcript is over behind it, and a long sample_len cuts it to two.
    let prefix: &[u32] = &[400, 370, 452, 7177];
    let cases: [(DecodeOptions, &[u32], bool, &str, f64); 7] = [
        (cut(4), prefix, false, "Americans, ask not", -0.295_375),
        (
            cut(222),
            prefix,
            false,
            "Americans ask not what your country can do for you ask what you can do for your country",
            -0.155_253,
        ),
        (cut(6), prefix, true, "", -1.184_505),
        (
            DecodeOptions { sample_len: Some(7), ..beams(5) },
            &[],
            true,
            "And so my fellow Americans ask",
            -0.246_065,
        ),
        (
            DecodeOptions { patience: Some(2.0), ..beams(3) },
            &[],
            true,
            "And so, my fellow Americans, ask not what your country can do for you, ask what you can do for your \
             country.",
            -0.286_425,
        ),
        (
            DecodeOptions { length_penalty: Some(0.5), ..beams(7) },
            &[],
            true,
            "And so my fellow Americans, ask not what your country can do for you, ask what you can do for your \
             country.",
            -0.288_323,
        ),
        (
            DecodeOptions { patience: Some(0.5), length_penalty: Some(0.0), ..beams(4) },
            &[],
            true,
            "And so, my fellow Americans, ask not what your country can do for you, ask what you can do for your \
             country",
            -0.265_840,
        ),
    ];
    for (options, prefix, timestamps, text, avg_logprob) in cases {
        let english = "en".parse().expect("it is known");
        let start = Start {
            prefix,
            sample_len: options.sample_len,
            ..Start::new(english, Task::Transcribe, timestamps)
        };
        let attempt = Attempt::new(&bench.model, 0, &[], start).expect("it fits");
        let rules = RuleOptions { without_timestamps: !timestamps, ..RuleOptions::default() };
        let rules = Rules::new(&bench.model.tokenizer, &bench.model.config, &rules).expect("they fit");
        bench.session.set_biases(&rules.bias_table());
        bench.rules = Arc::new(rules);
        let search = Search::new(&bench.method(&options, &[]), attempt, Seed::default(), 0);
        let decoded = decode(&mut bench.session, vec![search]).expect("it decodes").remove(0);
        assert_eq!(decoded.text, text, "{options:?}");
        assert!((decoded.avg_logprob - avg_logprob).abs() < 1e-3, "{options:?}: {}", decoded.avg_logprob);
    }
    let long = vec![prefix[1]; 500];
    let start =
        Start { prefix: &long, ..Start::new("en".parse().expect("it is known"), Task::Transcribe, true) };
    let refused = Attempt::new(&bench.model, 0, &[], start).expect_err("it is too long").to_string();
    let expected =
        "the start of a transcript has 503 tokens, expected at most 448, which the model's context holds";
    assert_eq!(refused, expected);
}
