//! Walks a grammar byte by byte, with every place where the text may be at once, and remembers each set of places as
//! a state with its ways out. Not what is done with a state: that is `rule`.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use super::program::{Program, RETURN, State, StateId};
use super::stacks::{ROOT, SetId, Stacks};

/// A state's number, until the machine forgets.
pub type Place = u32;

/// Where no text can be.
pub const DEAD: Place = 0;

const UNKNOWN: Place = Place::MAX;

/// The most that is remembered, in numbers of four bytes, before all is forgotten.
const MAX_KEPT: usize = 8 << 20;

/// What tells one state from another.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
struct Key {
    /// States that wait for a byte, ascending, and the stacks under each.
    items: Vec<(StateId, SetId)>,
    /// Whether the text may end here.
    ends: bool,
    /// Whether text begins here, so that a space may be skipped.
    fresh: bool,
}

/// A grammar's states, as far as they have been reached.
#[derive(Debug)]
pub struct Machine {
    program: Arc<Program>,
    stacks: Stacks,
    keys: Vec<Arc<Key>>,
    ids: HashMap<Arc<Key>, Place>,
    /// For each state, where each class of bytes leads.
    ways: Vec<Place>,
    /// For each state, the same where text begins.
    fresh: Vec<Place>,
    start: Place,
    kept: usize,
    /// For each state of the program, the stacks that were found under it while a key is made.
    found: Vec<Option<SetId>>,
}

impl Machine {
    /// A machine that has reached the start.
    pub fn new(program: Arc<Program>) -> Self {
        let found = vec![None; program.states.len()];
        let mut machine = Self {
            program,
            stacks: Stacks::new(),
            keys: Vec::new(),
            ids: HashMap::new(),
            ways: Vec::new(),
            fresh: Vec::new(),
            start: DEAD,
            kept: 0,
            found,
        };
        machine.begin();
        machine
    }

    fn begin(&mut self) {
        self.place(Key::default());
        let key = self.close(vec![(self.program.starts[0], ROOT)]);
        self.start = self.place(key);
    }

    /// Forgets all states if they have become many; says whether it did.
    pub fn forget_if_full(&mut self) -> bool {
        if self.kept + self.stacks.size() * 16 < MAX_KEPT {
            return false;
        }
        self.stacks = Stacks::new();
        self.keys.clear();
        self.ids.clear();
        self.ways.clear();
        self.fresh.clear();
        self.kept = 0;
        self.begin();
        true
    }

    /// Before any text.
    pub fn start(&self) -> Place {
        self.start
    }

    /// Whether the text may end here.
    pub fn ends(&self, place: Place) -> bool {
        self.keys[place as usize].ends
    }

    /// The same place where a space that the grammar has no use for is skipped, once.
    pub fn fresh(&mut self, place: Place) -> Place {
        if self.fresh[place as usize] == UNKNOWN {
            let key = &self.keys[place as usize];
            // Where nothing can follow, a space would be a trailing one.
            let fresh = if key.items.is_empty() {
                place
            } else {
                let key = Key { fresh: true, ..Key::clone(key) };
                self.place(key)
            };
            self.fresh[place as usize] = fresh;
        }
        self.fresh[place as usize]
    }

    /// After a byte.
    pub fn step(&mut self, place: Place, byte: u8) -> Place {
        let way =
            place as usize * self.program.n_classes + usize::from(self.program.classes[usize::from(byte)]);
        if self.ways[way] == UNKNOWN {
            let next = self.compute(place, byte);
            self.ways[way] = next;
        }
        self.ways[way]
    }

    fn compute(&mut self, place: Place, byte: u8) -> Place {
        let key = Arc::clone(&self.keys[place as usize]);
        let mut reached = Vec::new();
        for &(state, set) in &key.items {
            let State::Bytes(ways) = &self.program.states[state as usize] else { continue };
            let way = ways.partition_point(|(_, last, _)| *last < byte);
            reached.extend(ways.get(way).filter(|(first, ..)| *first <= byte).map(|(.., next)| (*next, set)));
        }
        let skips = key.fresh && byte == b' ';
        if skips {
            reached.extend_from_slice(&key.items);
        }
        let mut next = self.close(reached);
        next.ends |= skips && key.ends;
        self.place(next)
    }

    /// Everything that `reached` leads to without a byte. Where several ways lead to one state, their stacks are
    /// joined before it goes on, and it goes on anew where more come later.
    fn close(&mut self, reached: Vec<(StateId, SetId)>) -> Key {
        let mut key = Key::default();
        let mut arrived = reached;
        let mut pending = VecDeque::new();
        let mut waiting = HashSet::new();
        let mut touched = Vec::new();
        loop {
            for (state, set) in arrived.drain(..) {
                let found = self.found[state as usize];
                let set = found.map_or(set, |found| self.stacks.union(found, set));
                if found.is_none() {
                    touched.push(state);
                }
                if found != Some(set) && waiting.insert(state) {
                    pending.push_back(state);
                }
                self.found[state as usize] = Some(set);
            }
            let Some(state) = pending.pop_front() else { break };
            waiting.remove(&state);
            let Some(set) = self.found[state as usize] else { continue };
            match &self.program.states[state as usize] {
                State::Bytes(_) => {}
                State::Split(ways) => arrived.extend(ways.iter().map(|next| (*next, set))),
                State::Call { rule, next } => {
                    let start = self.program.starts[*rule as usize];
                    // A call at the end of a rule returns where the rule itself does, so that lists need no stack.
                    let under = if *next == RETURN { Some(set) } else { self.stacks.push(*next, set) };
                    arrived.extend(under.map(|under| (start, under)));
                }
                State::Return => {
                    key.ends |= self.stacks.has_empty(set);
                    arrived.extend(self.stacks.below(set));
                }
            }
        }
        for state in touched {
            let set = self.found[state as usize].take();
            if let (State::Bytes(ways), Some(set)) = (&self.program.states[state as usize], set)
                && !ways.is_empty()
            {
                key.items.push((state, set));
            }
        }
        key.items.sort_unstable();
        key
    }

    fn place(&mut self, key: Key) -> Place {
        if let Some(id) = self.ids.get(&key) {
            return *id;
        }
        let id = self.keys.len() as Place;
        self.kept += 2 * key.items.len() + self.program.n_classes + 16;
        let key = Arc::new(key);
        self.keys.push(Arc::clone(&key));
        self.ids.insert(key, id);
        let ways = if id == DEAD { DEAD } else { UNKNOWN };
        self.ways.resize(self.ways.len() + self.program.n_classes, ways);
        self.fresh.push(ways);
        id
    }
}
