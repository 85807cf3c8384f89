//! What openai-whisper says in f32 with the same weights, compared on real speech. The recordings stand beside the
//! checkout and are not part of it: where they are absent the tests say that they are skipped, and on CI they fail.

mod internals;
mod prompt;
mod recordings;
mod search;
mod tokens;

use std::sync::Arc;
use undertone::{Hub, Silent};
use whisper::Model;

/// OpenAI's base model, fetched and kept by the project's own code.
fn model() -> Arc<Model> {
    let hub = Hub::from_env(&|name| std::env::var(name).ok());
    let folder = hub.find("base", &Silent).expect("the base model is there or can be fetched");
    Arc::new(Model::open(&folder).expect("the base model can be read"))
}
