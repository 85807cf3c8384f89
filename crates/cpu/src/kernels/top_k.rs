//! (not yet written).
