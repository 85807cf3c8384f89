//! One run of the decoder for many searches at once. Not a schedule: who steps with whom is the caller's.

use super::Decoded;
use super::search::Search;
use crate::error::Error;
use crate::session::{Batch, Session};

/// Runs the decoder once for all of `searches` that are not finished, those included that are only starting. A start
/// that would be too much for this run waits for the next. What comes of a search does not depend on the others, nor
/// on the order in which they stand.
///
/// # Errors
/// The session refuses to run.
pub fn step(session: &mut Session, searches: &mut [&mut Search]) -> Result<(), Error> {
    let capacity = session.options().tokens(session.model());
    let mut going: Vec<&mut Search> =
        searches.iter_mut().map(|s| &mut **s).filter(|s| !s.finished()).collect();
    // Those on their way go first: they always fit.
    going.sort_by_key(|search| search.is_starting());
    let mut room = capacity;
    going.retain(|search| {
        let fits = search.tokens() <= room;
        room -= if fits { search.tokens() } else { 0 };
        fits
    });
    if going.is_empty() {
        return Ok(());
    }
    let mut batch = Batch::default();
    for search in &going {
        search.ask(session, &mut batch);
    }
    let ranked = session.decode(&batch)?;
    let mut at = (0, 0);
    for search in going {
        let own = search.take(&ranked, at);
        at = (at.0 + own.0, at.1 + own.1);
    }
    Ok(())
}

/// Steps `searches`, which share no rows, until all are finished.
///
/// # Errors
/// The session refuses to run.
pub fn decode(session: &mut Session, mut searches: Vec<Search>) -> Result<Vec<Decoded>, Error> {
    while searches.iter().any(|search| !search.finished()) {
        step(session, &mut searches.iter_mut().collect::<Vec<_>>())?;
    }
    Ok(searches.into_iter().map(Search::finish).collect())
}
