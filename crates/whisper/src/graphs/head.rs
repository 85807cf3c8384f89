//! The head: hidden states of the decoder to ranked next tokens, by the vocabulary product, the rules and top-k.
//! Not the choice among them: that is the search's.

use super::layers::Layers;
use super::{CANDIDATES, Capacity, RESCORED};
use crate::config::Config;
use crate::tokenizer::Specials;
use compiler::{Compute, Weights};
use graph::ops::{Elementwise, ReduceKind};
use graph::{Builder, DType, Graph, OpError, TensorType, Value};

/// The inputs' places among the arguments.
pub mod inputs {
    /// `f32[m, n_text_state]`: hidden states, as the decoder gives them.
    pub const HIDDEN: usize = 0;
    /// `f32[b, n_vocab]`: biases, 0 or -inf or between.
    pub const BIASES: usize = 1;
    /// `i32[m]`: the row of `BIASES` for each.
    pub const BIAS: usize = 2;
    /// `i32[m, 4]`: two spans of token ids that are banned.
    pub const SPANS: usize = 3;
    /// `bool[m, 1]`: whether timestamps win when their sum outweighs every text token.
    pub const MASS: usize = 4;
    /// How many there are.
    pub const COUNT: usize = 5;
}

/// The results' places.
pub mod results {
    /// `f32[m, n_vocab]`: logits after the rules.
    pub const FILTERED: usize = 0;
    /// `f32[m, 1]`: the logarithm of the sum of the exponentials of `FILTERED`.
    pub const LOG_SUM: usize = 1;
    /// `f32[m, k]`: log-probabilities of the candidates after the rules, best first.
    pub const LOG_PROBS: usize = 2;
    /// `i32[m, k]`: the candidates.
    pub const TOKENS: usize = 3;
}

/// The head's graph; see [`inputs`] and [`results`] (model.py, TextDecoder's last line, by which the embedding is the
/// output projection; decoding.py for the rules). Where `compute` is narrow, so is the vocabulary product, and the best of
/// each row are scored again from the embedding as the model has it: before it is asked whether timestamps outweigh the
/// likeliest text, and of what that leaves.
///
/// # Errors
/// The config's sizes contradict each other.
pub fn head(
    config: &Config,
    specials: &Specials,
    weights: &dyn Weights,
    capacity: Capacity,
    compute: Compute,
) -> Result<Graph, OpError> {
    let mut l = Layers::new("head", weights);
    let m = l.b.symbol("m", 1, capacity.wanted);
    let biases = l.b.symbol("b", 1, capacity.biases);
    let (vocab, width) = (config.n_vocab, config.n_text_state);
    let hidden = l.b.input("hidden", TensorType::new(DType::F32, [m, width.into()]));
    let rules = Rules {
        biases: l.b.input("biases", TensorType::new(DType::F32, [biases, vocab.into()])),
        bias: l.b.input("bias", TensorType::new(DType::I32, [m])),
        spans: l.b.input("spans", TensorType::new(DType::I32, [m, 4.into()])),
        mass: l.b.input("mass", TensorType::new(DType::Bool, [m, 1.into()])),
    };
    let stored = l.stored("decoder.token_embedding.weight", &[vocab, width]);
    let embedding = l.b.convert(stored, DType::F32)?;
    let logits = l.b.linear(hidden, embedding)?;
    l.b.name(logits, "logits");
    let allowed = rules.allowed(&mut l.b, logits)?;
    let (filtered, again) = match compute {
        Compute::F32 => (rules.weighed(&mut l.b, allowed, specials)?, None),
        Compute::Bf16 | Compute::Int8 => {
            let (allowed, _) = rules.rescored(&mut l.b, allowed, hidden, stored)?;
            let filtered = rules.weighed(&mut l.b, allowed, specials)?;
            let (filtered, again) = rules.rescored(&mut l.b, filtered, hidden, stored)?;
            (filtered, Some(again))
        }
    };
    l.b.name(filtered, "filtered");
    let log_sum = l.b.reduce(ReduceKind::LogSumExp, filtered)?;
    l.b.name(log_sum, "log_sum");
    let (values, tokens) = match again {
        None => l.b.top_k(filtered, CANDIDATES)?,
        Some(again) => {
            let (values, places) = l.b.top_k(again.logits, CANDIDATES)?;
            (values, l.b.gather_elements(&[again.tokens, places])?)
        }
    };
    let log_probs = l.b.sub(values, log_sum)?;
    l.b.name(log_probs, "log_probs");
    l.b.name(tokens, "tokens");
    Ok(l.b.finish(&[filtered, log_sum, log_probs, tokens]))
}

/// What was scored again, in the order of its narrow logits.
struct Again {
    /// `f32[m, k]`: logits after the rules.
    logits: Value,
    /// `i32[m, k]`
    tokens: Value,
}

/// The inputs of the rules.
struct Rules {
    biases: Value,
    bias: Value,
    spans: Value,
    mass: Value,
}

impl Rules {
    /// Biases and banned spans.
    fn allowed(&self, b: &mut Builder, logits: Value) -> Result<Value, OpError> {
        let bias = b.gather(self.biases, self.bias)?;
        let x = b.plus(logits, bias)?;
        b.mask_spans(x, self.spans)
    }

    /// The timestamp-mass rule.
    fn weighed(&self, b: &mut Builder, x: Value, specials: &Specials) -> Result<Value, OpError> {
        let (first, vocab) = (specials.timestamp_begin as usize, specials.n_vocab as usize);
        // If the timestamps together are likelier than any text token, text is banned: the span from 0 to the first
        // of them. No single one is likelier than they all, so that the likeliest of all tokens may stand for text.
        let likeliest = b.reduce(ReduceKind::Max, x)?;
        let times = b.slice(x, 1, first..vocab)?;
        let times = b.reduce(ReduceKind::LogSumExp, times)?;
        let outweighs = b.less(times, likeliest)?;
        let (none, begin) = (b.constant(0.0)?, b.constant(first as f32)?);
        let end = b.select(self.mass, begin, none)?;
        let end = b.select(outweighs, none, end)?;
        let place = b.iota(2)?;
        let span = b.elementwise(Elementwise::Mul, &[end, place])?;
        let span = b.convert(span, DType::I32)?;
        b.mask_spans(x, span)
    }

    /// `x`, whose logits are products of narrow factors, with the best of each row scored again: the f32 product of the
    /// hidden state and the row of the embedding `stored`, which is read where the model has it. What is banned stays
    /// banned. Whatever else is said of the row, its sum and the timestamps' mass, is of narrow logits but for these.
    fn rescored(
        &self,
        b: &mut Builder,
        x: Value,
        hidden: Value,
        stored: Value,
    ) -> Result<(Value, Again), OpError> {
        let (narrow, tokens) = b.top_k(x, RESCORED)?;
        let logits = b.picked_linear([hidden, stored, tokens])?;
        let bias = b.gather_elements(&[self.biases, tokens, self.bias])?;
        let logits = b.plus(logits, bias)?;
        let none = b.constant(f32::NEG_INFINITY)?;
        let allowed = b.less(none, narrow)?;
        let logits = b.select(allowed, logits, none)?;
        Ok((b.scatter_elements([x, tokens, logits])?, Again { logits, tokens }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokenizer::tests::subset;
    use crate::weights::tests::tiny;
    use compiler::TensorView;
    use graph::interpret::{self, Env};
    use graph::{ParamKind, Tensor, text};

    struct Nothing;

    impl Weights for Nothing {
        fn tensor(&self, _: &str) -> Option<TensorView<'_>> {
            None
        }
    }

    /// Two rows: the second has timestamps outweigh, and a third of all tokens banned by its biases.
    struct Inputs {
        vocab: usize,
        width: usize,
    }

    impl Env for Inputs {
        fn tensor(&self, _: &ParamKind, name: &str) -> Option<Tensor> {
            let Inputs { vocab, width } = *self;
            let wave = |len: usize| (0..len).map(|i| ((i * i + 3 * i) % 1013) as f32 / 500.0 - 1.0).collect();
            let bias = |at| if at > vocab && at % 3 == 0 { f32::NEG_INFINITY } else { 0.0 };
            Some(match name {
                "hidden" => Tensor::f32(&[2, width], wave(2 * width)),
                "biases" => Tensor::f32(&[2, vocab], (0..2 * vocab).map(bias).collect()),
                "bias" => Tensor::i32(&[2], vec![0, 1]),
                "spans" => Tensor::i32(&[2, 4], vec![0, 700, 900, 901, 5, 6, 2_000, 2_100]),
                "mass" => Tensor::from_f32(DType::Bool, &[2, 1], vec![0.0, 1.0]),
                _ => Tensor::f32(&[vocab, width], wave(vocab * width)),
            })
        }

        fn set_state(&mut self, _: &str, _: Tensor) {}
    }

    #[test]
    fn only_narrow_logits_are_scored_again_and_exact_ones_stay_what_they_were() {
        let tokenizer = subset();
        let specials = tokenizer.specials();
        let config = Config { n_vocab: specials.n_vocab as usize, ..tiny() };
        let capacity = Capacity { tokens: 9, rows: 2, slots: 3, windows: 1, biases: 2, wanted: 2 };
        let of = |compute| head(&config, specials, &Nothing, capacity, compute).unwrap();
        let (wide, narrow) = (of(Compute::F32), of(Compute::Int8));
        assert!(!text::print(&wide).contains("picked") && text::print(&narrow).contains(" picked_linear "));
        // Neither graph has a narrow product before any pass.
        let mut inputs = Inputs { vocab: config.n_vocab, width: config.n_text_state };
        let [wide, narrow] = [wide, narrow].map(|graph| interpret::run(&graph, &mut inputs).unwrap());
        assert_eq!(narrow[results::TOKENS], wide[results::TOKENS]);
        for result in [results::FILTERED, results::LOG_SUM, results::LOG_PROBS] {
            let pairs = narrow[result].as_f32().iter().zip(wide[result].as_f32());
            assert!(pairs.into_iter().all(|(a, b)| a == b || (a - b).abs() < 1e-5), "result {result}");
        }
    }
}
