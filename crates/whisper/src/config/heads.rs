//! The decoder heads that follow the sound, per released model. Not the alignment that uses them.
//!
//! Facts from openai-whisper's `_ALIGNMENT_HEADS`, as (layer, head) pairs.

use super::Config;

/// Alignment heads as (layer, head) pairs, both counted from 0.
type Heads = &'static [(usize, usize)];

const TABLE: &[(&str, Heads)] = &[
    ("tiny.en", &[(1, 0), (2, 0), (2, 5), (3, 0), (3, 1), (3, 2), (3, 3), (3, 4)]),
    ("tiny", &[(2, 2), (3, 0), (3, 2), (3, 3), (3, 4), (3, 5)]),
    ("base.en", &[(3, 3), (4, 7), (5, 1), (5, 5), (5, 7)]),
    ("base", &[(3, 1), (4, 2), (4, 3), (4, 7), (5, 1), (5, 2), (5, 4), (5, 6)]),
    ("small.en", SMALL_EN),
    ("small", &[(5, 3), (5, 9), (8, 0), (8, 4), (8, 7), (8, 8), (9, 0), (9, 7), (9, 9), (10, 5)]),
    ("medium.en", MEDIUM_EN),
    ("medium", &[(13, 15), (15, 4), (15, 15), (16, 1), (20, 0), (23, 4)]),
    ("large-v1", &[(9, 19), (11, 2), (11, 4), (11, 17), (22, 7), (22, 11), (22, 17), (23, 2), (23, 15)]),
    ("large-v2", LARGE_V2),
    ("large-v3", LARGE_V3),
    ("large", LARGE_V3),
    ("large-v3-turbo", TURBO),
    ("turbo", TURBO),
];

#[rustfmt::skip]
const SMALL_EN: Heads = &[
    (6, 6), (7, 0), (7, 3), (7, 8), (8, 2), (8, 5), (8, 7), (9, 0), (9, 4), (9, 8), (9, 10),
    (10, 0), (10, 1), (10, 2), (10, 3), (10, 6), (10, 11), (11, 2), (11, 4),
];
#[rustfmt::skip]
const MEDIUM_EN: Heads = &[
    (11, 4), (14, 1), (14, 12), (14, 14), (15, 4), (16, 0), (16, 4), (16, 9), (17, 12), (17, 14),
    (18, 7), (18, 10), (18, 15), (20, 0), (20, 3), (20, 9), (20, 14), (21, 12),
];
#[rustfmt::skip]
const LARGE_V2: Heads = &[
    (10, 12), (13, 17), (16, 11), (16, 12), (16, 13), (17, 15), (17, 16), (18, 4), (18, 11), (18, 19), (19, 11), (21, 2),
    (21, 3), (22, 3), (22, 9), (22, 12), (23, 5), (23, 7), (23, 13), (25, 5), (26, 1), (26, 12), (27, 15),
];
const LARGE_V3: Heads =
    &[(7, 0), (10, 17), (12, 18), (13, 12), (16, 1), (17, 14), (19, 11), (21, 4), (24, 1), (25, 6)];
const TURBO: Heads = &[(2, 4), (2, 11), (3, 3), (3, 6), (3, 11), (3, 14)];

/// The alignment heads of a released model, by openai-whisper's name for it.
pub fn known(name: &str) -> Option<Heads> {
    TABLE.iter().find(|(known, _)| *known == name).map(|(_, heads)| *heads)
}

/// The heads for a model whose files name none: those of the released model of these sizes, where only one has
/// them (large-v1 and large-v2 share theirs), else every head of the upper half of the layers, as openai-whisper
/// has it for a checkpoint that it does not know.
pub fn fallback(config: &Config) -> Vec<(usize, usize)> {
    let english = config.n_vocab == super::ENGLISH_VOCAB;
    let name = match (config.n_audio_layer, config.n_text_layer, config.n_text_head, config.n_vocab) {
        (4, 4, 6, 51_864 | 51_865) => "tiny",
        (6, 6, 8, 51_864 | 51_865) => "base",
        (12, 12, 12, 51_864 | 51_865) => "small",
        (24, 24, 16, 51_864 | 51_865) => "medium",
        (32, 32, 20, 51_866) => "large-v3",
        (32, 4, 20, 51_866) => "turbo",
        _ => "",
    };
    let name = if english { format!("{name}.en") } else { name.to_owned() };
    if let Some(heads) = known(&name) {
        return heads.to_vec();
    }
    (config.n_text_layer / 2..config.n_text_layer)
        .flat_map(|layer| (0..config.n_text_head).map(move |head| (layer, head)))
        .collect()
}
