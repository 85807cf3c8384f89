//! Ctrl-C: the first one asks the work to stop, the next ends the process. Not the stopping: whoever works asks whether
//! to.

use crate::{exit, standard};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// Nothing is under way that could be kept.
const IDLE: u8 = 0;
/// There is work to keep.
const WORKING: u8 = 1;
/// The work has been asked to stop.
const ASKED: u8 = 2;

/// What Ctrl-C has said so far.
#[derive(Clone)]
pub struct Interrupt(Arc<AtomicU8>);

impl Interrupt {
    /// Listens for Ctrl-C from now on, and says so when it is heard if `told`. Where the process was started deaf to it, as
    /// by `nohup`, it stays deaf.
    pub fn listen(told: bool) -> Interrupt {
        let state = Arc::new(AtomicU8::new(IDLE));
        let heard = state.clone();
        // An error leaves the system's own meaning of Ctrl-C in force, which is to end the process.
        let _ = ctrlc::try_set_handler(move || {
            let first = heard.compare_exchange(WORKING, ASKED, Ordering::SeqCst, Ordering::SeqCst).is_ok();
            if !first {
                std::process::exit(exit::INTERRUPTED.into());
            }
            if told {
                standard::say(&"stopping; Ctrl-C again ends at once, and keeps nothing");
            }
        });
        Interrupt(state)
    }

    /// There is something to keep from now on.
    pub fn working(&self) {
        self.0.store(WORKING, Ordering::SeqCst);
    }

    /// Whether the work is to stop.
    pub fn asked(&self) -> bool {
        self.0.load(Ordering::SeqCst) == ASKED
    }
}
