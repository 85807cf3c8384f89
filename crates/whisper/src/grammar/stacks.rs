//! Sets of call stacks, each kept once and shared. Not the states on top of them.
//!
//! A set is a tree that grows from the top of the stacks down: by return address, the set of the stacks below it. So
//! a grammar that can be read in many ways at once needs no stack for each.

use std::collections::HashMap;

use super::program::StateId;

/// A set's place in [`Stacks`].
pub type SetId = u32;

/// The set of the empty stack alone.
pub const ROOT: SetId = 0;

/// The deepest that rules may call each other without an end in sight, such as brackets within brackets.
const MAX_DEPTH: u32 = 500;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Set {
    /// Whether the empty stack is in it.
    has_empty: bool,
    /// Return addresses, ascending, and what lies below each.
    below: Vec<(StateId, SetId)>,
}

/// All sets made so far.
#[derive(Debug)]
pub struct Stacks {
    sets: Vec<Set>,
    /// The height of the highest stack of each.
    depths: Vec<u32>,
    ids: HashMap<Set, SetId>,
    unions: HashMap<(SetId, SetId), SetId>,
}

impl Stacks {
    /// [`ROOT`] alone.
    pub fn new() -> Self {
        let mut stacks =
            Self { sets: Vec::new(), depths: Vec::new(), ids: HashMap::new(), unions: HashMap::new() };
        stacks.intern(Set { has_empty: true, below: Vec::new() });
        stacks
    }

    /// How much is kept, in entries.
    pub fn size(&self) -> usize {
        self.sets.len() + self.unions.len()
    }

    /// Whether the empty stack is in a set.
    pub fn has_empty(&self, set: SetId) -> bool {
        self.sets[set as usize].has_empty
    }

    /// The return addresses on top of a set's stacks, each with the stacks below it.
    pub fn below(&self, set: SetId) -> &[(StateId, SetId)] {
        &self.sets[set as usize].below
    }

    /// The stacks of `set` with `address` on top of each; none beyond the depth that is followed.
    pub fn push(&mut self, address: StateId, set: SetId) -> Option<SetId> {
        if self.depths[set as usize] == MAX_DEPTH {
            return None;
        }
        Some(self.intern(Set { has_empty: false, below: vec![(address, set)] }))
    }

    /// The stacks of both sets.
    pub fn union(&mut self, a: SetId, b: SetId) -> SetId {
        if a == b {
            return a;
        }
        let key = (a.min(b), a.max(b));
        if let Some(known) = self.unions.get(&key) {
            return *known;
        }
        let mut all = [self.below(a), self.below(b)].concat();
        all.sort_unstable();
        let mut below: Vec<(StateId, SetId)> = Vec::with_capacity(all.len());
        for (address, set) in all {
            match below.last_mut() {
                Some((last, merged)) if *last == address => *merged = self.union(*merged, set),
                _ => below.push((address, set)),
            }
        }
        let has_empty = self.has_empty(a) || self.has_empty(b);
        let made = self.intern(Set { has_empty, below });
        self.unions.insert(key, made);
        made
    }

    fn intern(&mut self, set: Set) -> SetId {
        if let Some(id) = self.ids.get(&set) {
            return *id;
        }
        let id = self.sets.len() as SetId;
        let depth = set.below.iter().map(|(_, below)| self.depths[*below as usize] + 1).max().unwrap_or(0);
        self.depths.push(depth);
        self.sets.push(set.clone());
        self.ids.insert(set, id);
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_shared_and_stacks_kept() {
        let mut stacks = Stacks::new();
        let one = stacks.push(7, ROOT).unwrap();
        assert_eq!(stacks.push(7, ROOT), Some(one));
        let other = stacks.push(7, one).unwrap();
        let both = stacks.union(one, other);
        // 7 on top of nothing or of another 7.
        let [(7, below)] = stacks.below(both) else { panic!("{:?}", stacks.below(both)) };
        assert!(stacks.has_empty(*below) && !stacks.has_empty(both));
        assert_eq!(stacks.below(*below), [(7, ROOT)]);
        assert_eq!((stacks.union(other, one), stacks.union(both, one)), (both, both));
    }

    #[test]
    fn ambiguous_stacks_stay_few_and_depth_ends() {
        let mut stacks = Stacks::new();
        let mut set = ROOT;
        for _ in 0..MAX_DEPTH {
            let (a, b) = (stacks.push(1, set).unwrap(), stacks.push(2, set).unwrap());
            set = stacks.union(a, b);
        }
        // Two to the 500 stacks.
        assert!(stacks.size() < 3000, "{}", stacks.size());
        assert_eq!(stacks.push(1, set), None);
    }
}
