//! The programs of a session, which run one after the other in one arena. Not what they compute.

use super::Part;
use crate::error::Error;
use compiler::{Arg, Executable};

/// Every part, ready to run. What the last one computed is in the arena until another runs.
pub(super) struct Programs {
    /// In the order of [`Part::ALL`].
    executables: [Box<dyn Executable>; Part::ALL.len()],
    /// Which of them has the arena.
    holder: Part,
}

impl Programs {
    /// Programs of one device in the order of [`Part::ALL`]; the largest of their arenas is kept.
    pub(super) fn new(mut executables: [Box<dyn Executable>; Part::ALL.len()]) -> Programs {
        let size = |part: &Part| executables[*part as usize].program().plan.arena;
        let holder = Part::ALL.into_iter().max_by_key(size).unwrap_or(Part::Decoder);
        for part in Part::ALL.into_iter().filter(|part| *part != holder) {
            executables[part as usize].take_arena();
        }
        Programs { executables, holder }
    }

    /// Runs one part.
    ///
    /// # Errors
    /// An argument does not fit its parameter.
    pub(super) fn run(&mut self, part: Part, args: &mut [Arg<'_>]) -> Result<(), Error> {
        let fail = |source| Error::Run { part, source };
        if self.holder != part {
            if let Some(arena) = self.executables[self.holder as usize].take_arena() {
                self.executables[part as usize].put_arena(arena).map_err(fail)?;
            }
            self.holder = part;
        }
        self.executables[part as usize].run(args).map_err(fail)
    }

    /// One part; its results are those of the last run, if that was its own.
    pub(super) fn get(&self, part: Part) -> &dyn Executable {
        self.executables[part as usize].as_ref()
    }

    /// One part, for profiles.
    pub(super) fn get_mut(&mut self, part: Part) -> &mut dyn Executable {
        self.executables[part as usize].as_mut()
    }
}
