//! What a hypothesis's own past adds to the logits of its next token. Not the rules that hold for every hypothesis
//! alike: those are `rules`.

/// A rule on the next token that depends on the tokens before it: a grammar, hotwords, runs that may not come again.
/// It is a pure function of them, so that beams may fork freely.
pub trait LogitRule: Send + Sync {
    /// Changes `bias`, `[n_vocab]` values that are added to the logits of the token after `sampled`: lower it, raise
    /// it, or ban it with minus infinity. `sampled` holds the tokens of a window after its start sequence,
    /// timestamps included.
    fn apply(&self, sampled: &[u32], bias: &mut [f32]);
}
