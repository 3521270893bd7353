//! The breaks that have not ended: the API filters by one state at a time, so each state is asked for at once.

use crate::{
    backend::with_query,
    failure::Failure,
    visit::{Page, Visit},
};
use databourse_settlement::{AgeBucket, Break, BreakState};
use futures::future::try_join_all;
use serde::Deserialize;

/// The states in which a break waits for somebody.
const OPEN_STATES: [&str; 6] = ["opened", "assigned", "evidenced", "proposed", "approved", "escalated"];
/// How many of each state are read at most.
const LIMIT: &str = "50";

/// A break with its age.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Aged {
    #[serde(flatten)]
    pub(super) found: Break,
    /// By the node's clock.
    pub(super) age: AgeBucket,
}

/// Breaks that wait for somebody, the oldest first.
#[derive(Debug, Default)]
pub(super) struct OpenBreaks {
    pub(super) items: Vec<Aged>,
    /// Whether there are more than were read.
    pub(super) more: bool,
}

impl OpenBreaks {
    /// Reads the oldest of each state; `filters` are more of the API's.
    ///
    /// # Errors
    /// The page to show instead.
    pub(super) async fn read(visit: &Visit, filters: &[(&str, &str)]) -> Result<Self, Failure> {
        let of_state = async |state: &'static str| {
            let mut pairs = vec![("state", state), ("sort", "oldest"), ("limit", LIMIT)];
            pairs.extend_from_slice(filters);
            visit.get::<Page<Aged>>(&with_query("/v1/breaks", &pairs)).await
        };
        let pages = try_join_all(OPEN_STATES.into_iter().map(of_state)).await?;
        let more = pages.iter().any(|page| page.next.is_some());
        let mut items: Vec<Aged> = pages.into_iter().flat_map(|page| page.items).collect();
        items.sort_by_key(|aged| (aged.found.opened_at, aged.found.id));
        Ok(Self { items, more })
    }

    /// How many were read of an age, in states that hold `of`.
    pub(super) fn count(&self, of: impl Fn(&Aged) -> bool) -> usize {
        self.items.iter().filter(|aged| of(aged)).count()
    }

    /// Those that wait for the approval of somebody else than `person` of `exchange`, and those that wait for others than
    /// them.
    pub(super) fn to_approve(&self, exchange: &str, person: &str) -> (usize, usize) {
        let by = |aged: &Aged| match &aged.found.state {
            BreakState::Proposed { proposed_by, .. } => {
                Some(proposed_by.exchange.as_str() == exchange && proposed_by.person.as_str() == person)
            }
            _ => None,
        };
        (self.count(|aged| by(aged) == Some(false)), self.count(|aged| by(aged) == Some(true)))
    }
}
