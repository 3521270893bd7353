//! Snapshots 快照: at which heights every node copies its state, and what each says that its copy came to. More than two
//! thirds that say the same vouch for a state that somebody may begin from instead of executing the whole ledger.

use crate::EFFECT_DELAY_HEIGHTS;
use databourse_primitives::{
    Digest, EntryId, ExchangeCode, Height, Refusal, RefusalCode, Timestamp, TreeSize, quorum_of,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How long an order that was not attested stands in the way of the next one.
const PATIENCE_MS: i64 = 3_600_000;

/// `snapshot.order`: an exchange asks every node for a snapshot of the state after the block two heights later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderSnapshot {}

/// `snapshot.attest`: an exchange says what its node's copy came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttestSnapshot {
    /// The block after which the state was copied.
    pub height: Height,
    /// What the copy came to.
    pub content: SnapshotContent,
}

/// What a copy of the state came to; the same on every node that followed the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SnapshotContent {
    /// Number of leaves in the ledger.
    pub tree_size: TreeSize,
    /// Number of rows of all replicated tables.
    pub row_count: u64,
    /// Digest of those rows, as `databourse_store` computes it.
    pub digest: Digest,
}

/// What one exchange said of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attestation {
    /// The entry that says so.
    pub entry: EntryId,
    /// What its copy came to.
    pub content: SnapshotContent,
}

/// Where a snapshot stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum SnapshotState {
    /// Fewer than it takes have said the same.
    Open,
    /// More than two thirds of the exchanges said the same.
    Attested {
        /// Block time of the entry that decided it.
        attested_at: Timestamp,
        /// What they said.
        content: SnapshotContent,
    },
}

/// A snapshot that was ordered. Two contents among its attestations mean that somebody's state is another one; both stay
/// visible.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The block after which the state is copied; also its name.
    pub height: Height,
    /// Who ordered it.
    pub ordered_by: ExchangeCode,
    /// Block time of the order.
    pub ordered_at: Timestamp,
    /// What each exchange said.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attestations: BTreeMap<ExchangeCode, Attestation>,
    /// Where it stands.
    pub state: SnapshotState,
}

impl SnapshotState {
    /// The state's name in JSON.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Attested { .. } => "attested",
        }
    }
}

impl Snapshot {
    /// Orders a snapshot in the block of `height`; `latest` is the one ordered last. It is due after the block two heights
    /// later, so that every node knows before.
    ///
    /// # Errors
    /// `snapshot.open` while the latest is open and its order is less than an hour old.
    pub fn order(
        latest: Option<&Self>,
        by: &ExchangeCode,
        height: Height,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        if let Some(open) = latest.filter(|latest| latest.state == SnapshotState::Open) {
            let free_at = open.ordered_at.plus_ms(PATIENCE_MS);
            if now < free_at {
                let expected = format!("the snapshot of height {} attested, or {free_at}", open.height);
                return Err(Refusal::new(RefusalCode::SnapshotOpen, "", expected));
            }
        }
        Ok(Self {
            height: Height(height.0.saturating_add(EFFECT_DELAY_HEIGHTS)),
            ordered_by: by.clone(),
            ordered_at: now,
            attestations: BTreeMap::new(),
            state: SnapshotState::Open,
        })
    }

    /// Adds what `by` says in the block of `height`, and counts those of `members`, the exchanges that vote there.
    ///
    /// # Errors
    /// `snapshot.not_due` unless the snapshot's block is before this one; `snapshot.attested`.
    pub fn attest(
        mut self,
        entry: EntryId,
        content: SnapshotContent,
        by: &ExchangeCode,
        members: &BTreeSet<ExchangeCode>,
        (height, now): (Height, Timestamp),
    ) -> Result<Self, Refusal> {
        if height <= self.height {
            let expected = format!("a height before {height}, the one of this block");
            return Err(Refusal::new(RefusalCode::SnapshotNotDue, "height", expected));
        }
        if let Some(said) = self.attestations.get(by) {
            let expected = format!("a snapshot that {by} has not attested; it did in {}", said.entry);
            return Err(Refusal::new(RefusalCode::SnapshotAttested, "height", expected));
        }
        self.attestations.insert(by.clone(), Attestation { entry, content });
        if self.state == SnapshotState::Open && self.count(&content, members) >= quorum_of(members.len()) {
            self.state = SnapshotState::Attested { attested_at: now, content };
        }
        Ok(self)
    }

    /// How many of `members` said `content`.
    fn count(&self, content: &SnapshotContent, members: &BTreeSet<ExchangeCode>) -> usize {
        let same = self.attestations.iter().filter(|(_, said)| said.content == *content);
        same.filter(|(code, _)| members.contains(*code)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn code(number: usize) -> ExchangeCode {
        format!("x{number}").parse().unwrap()
    }

    fn content(number: u8) -> SnapshotContent {
        SnapshotContent { tree_size: TreeSize(9), row_count: 20, digest: Digest::of(&[number]) }
    }

    fn ordered() -> Snapshot {
        Snapshot::order(None, &code(0), Height(7), Timestamp::EPOCH).unwrap()
    }

    fn said(snapshot: Snapshot, by: usize, what: u8, height: u64) -> Result<Snapshot, RefusalCode> {
        let entry = "019aa2b4-5c00-7000-8000-000000000001".parse().unwrap();
        let members = (0..4).map(code).collect();
        let at = (Height(height), Timestamp::EPOCH.plus_ms(5));
        snapshot.attest(entry, content(what), &code(by), &members, at).map_err(|refusal| refusal.code)
    }

    #[test]
    fn a_snapshot_is_due_two_heights_after_its_order_and_the_next_waits_for_it() {
        let first = ordered();
        assert_eq!(first.height, Height(9));
        let next = |latest: &Snapshot, after_ms| {
            let now = Timestamp::EPOCH.plus_ms(after_ms);
            Snapshot::order(Some(latest), &code(1), Height(20), now).map_err(|refusal| refusal.code)
        };
        assert_eq!(next(&first, PATIENCE_MS - 1), Err(RefusalCode::SnapshotOpen));
        assert_eq!(next(&first, PATIENCE_MS).unwrap().height, Height(22));
        let attested = (0..3).fold(first, |snapshot, by| said(snapshot, by, 1, 10).unwrap());
        assert_eq!(attested.state.as_str(), "attested");
        assert_eq!(next(&attested, 6).unwrap().height, Height(22));
    }

    #[test]
    fn nobody_attests_early_twice_or_otherwise() {
        assert_eq!(said(ordered(), 0, 1, 9), Err(RefusalCode::SnapshotNotDue));
        let once = said(ordered(), 0, 1, 10).unwrap();
        assert_eq!(said(once.clone(), 0, 1, 11), Err(RefusalCode::SnapshotAttested));
        assert_eq!(said(once, 0, 2, 11), Err(RefusalCode::SnapshotAttested));
    }

    #[test]
    fn what_a_minority_says_stays_visible_and_changes_nothing() {
        let mut snapshot = ordered();
        for (by, what, expected) in [(3, 2, "open"), (0, 1, "open"), (1, 1, "open"), (2, 1, "attested")] {
            snapshot = said(snapshot, by, what, 10).unwrap();
            assert_eq!(snapshot.state.as_str(), expected, "after {by}");
        }
        let agreed =
            SnapshotState::Attested { attested_at: Timestamp::EPOCH.plus_ms(5), content: content(1) };
        assert_eq!(snapshot.state, agreed);
        assert_eq!(snapshot.attestations[&code(3)].content, content(2));
        // Who is no member any more does not count, and says nothing that decides.
        let late = said(snapshot, 9, 2, 12).unwrap();
        assert_eq!(late.state, agreed);
    }

    proptest! {
        /// It is attested exactly if more than two thirds of the members said one thing, and then it is that.
        #[test]
        fn attested_is_more_than_two_thirds(words in prop::collection::vec((0..7_usize, 0..3_u8), 0..20)) {
            let mut snapshot = ordered();
            for (by, what) in words {
                snapshot = said(snapshot.clone(), by, what, 10).unwrap_or(snapshot);
            }
            let count = |what: u8| (0..4).filter(|by| {
                snapshot.attestations.get(&code(*by)).is_some_and(|said| said.content == content(what))
            }).count();
            let agreed = (0..3).find(|what| 3 * count(*what) > 2 * 4).map(content);
            let found = match snapshot.state { SnapshotState::Attested { content, .. } => Some(content), _ => None };
            prop_assert_eq!(found, agreed);
        }
    }
}
