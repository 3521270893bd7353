//! Agreement: both exchanges of a pair sign the same head, or carry their difference forward, and the window is final.

use super::{Pair, PairTotals, Window, WindowState};
use crate::{Break, BreakKind};
use databourse_primitives::{
    BreakId, Digest, ExchangeCode, Label, Refusal, RefusalCode, Timestamp, WindowId,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What an exchange found in a window for one pair: the head of the Merkle-sum tree over the pair's lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WindowHead {
    /// The window.
    pub window: WindowId,
    /// The pair.
    pub pair: Pair,
    /// Root of the tree.
    pub root: Digest,
    /// Number of lines.
    pub line_count: u64,
    /// What the left exchange owes the right one, minor units.
    pub left_to_right_minor: i64,
    /// What the right exchange owes the left one, minor units.
    pub right_to_left_minor: i64,
}

impl WindowHead {
    const fn totals(&self) -> PairTotals {
        PairTotals {
            line_count: self.line_count,
            left_to_right_minor: self.left_to_right_minor,
            right_to_left_minor: self.right_to_left_minor,
        }
    }
}

/// The two people by whom an exchange signs a head: one prepares it, another checks it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignOff {
    /// The root that they signed.
    pub root: Digest,
    /// Who signed first.
    pub prepared_by: Label,
    /// Who signed the same after that; nobody yet while it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked_by: Option<Label>,
}

/// A break that a window waits for, with all that the window needs to know of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockingBreak {
    /// The window in which it was found; another one if that was aborted.
    pub window: WindowId,
    /// The pair that it is between.
    pub pair: Pair,
    /// Root or amount.
    pub kind: BreakKind,
    /// Who agreed to carry it forward; once all of the pair did, the window waits no more.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub carried_by: BTreeSet<ExchangeCode>,
}

impl BlockingBreak {
    /// Whether every exchange of the pair carries it forward.
    pub fn is_carried(&self) -> bool {
        self.pair.members().all(|member| self.carried_by.contains(member))
    }
}

impl Window {
    /// Records the head that `by` found. Signed by a `person` it counts once a second one has signed the same; another
    /// head than that of the first person begins anew. What counts already and comes again changes nothing. The window
    /// becomes final with the last agreement; heads that differ leave it closing, and a root break is to be opened.
    ///
    /// # Errors
    /// `window.state` unless closing; `window.not_participant` if `by` is not of the pair or the pair has no lines here;
    /// `window.head_differs` if count or sums are not the ledger's; `window.head_signed` for a second, different head;
    /// `window.second_person` if who signed first signs the same again.
    pub fn sign(
        mut self,
        head: &WindowHead,
        by: &ExchangeCode,
        person: Option<&Label>,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        let signed = self.heads.get(&head.pair).and_then(|roots| roots.get(by));
        let totals = self.pairs.get(&head.pair).filter(|_| head.pair.contains(by));
        let found = totals.filter(|totals| head.window == self.id && head.totals() == **totals);
        if found.is_some() && signed == Some(&head.root) {
            return Ok(self);
        }
        if !matches!(self.state, WindowState::Closing { .. }) {
            return Err(self.wrong_state("a closing window"));
        }
        let Some(totals) = totals else {
            let expected = format!("an exchange of a pair that has lines in {}", self.id);
            return Err(Refusal::new(RefusalCode::WindowNotParticipant, "head.pair", expected));
        };
        if found.is_none() {
            let expected = format!(
                "the totals of {} in {}: {} lines, {} and {} minor units",
                head.pair, self.id, totals.line_count, totals.left_to_right_minor, totals.right_to_left_minor
            );
            return Err(Refusal::new(RefusalCode::WindowHeadDiffers, "head", expected));
        }
        if let Some(root) = signed {
            let expected = format!("the root that {by} signed, {root}");
            return Err(Refusal::new(RefusalCode::WindowHeadSigned, "head.root", expected));
        }
        if let Some(person) = person
            && self.prepare(head, by, person)?
        {
            return Ok(self);
        }
        self.heads.entry(head.pair.clone()).or_default().insert(by.clone(), head.root);
        self.become_final(now);
        Ok(self)
    }

    /// Notes who of an exchange's people signs `head`; whether it waits for a second one.
    ///
    /// # Errors
    /// `window.second_person`.
    fn prepare(&mut self, head: &WindowHead, by: &ExchangeCode, person: &Label) -> Result<bool, Refusal> {
        let of_pair = self.sign_offs.entry(head.pair.clone()).or_default();
        if let Some(first) = of_pair.get_mut(by).filter(|first| first.root == head.root) {
            if first.prepared_by == *person {
                let expected = format!("a second person of {by} after {person}");
                return Err(Refusal::new(RefusalCode::WindowSecondPerson, "person", expected));
            }
            first.checked_by = Some(person.clone());
            return Ok(false);
        }
        let first = SignOff { root: head.root, prepared_by: person.clone(), checked_by: None };
        of_pair.insert(by.clone(), first);
        Ok(true)
    }

    /// Makes the window wait for `opened`, if it is of a kind that blocks and the window is not final yet. A break found
    /// later holds nothing up: it is settled by new entries.
    #[must_use]
    pub fn block(mut self, opened: &Break) -> Self {
        let waits = matches!(self.state, WindowState::Open | WindowState::Closing { .. });
        if waits && opened.kind.blocks_finality() {
            self.breaks.entry(opened.id).or_insert_with(|| BlockingBreak {
                window: opened.window,
                pair: opened.pair.clone(),
                kind: opened.kind,
                carried_by: BTreeSet::new(),
            });
        }
        self
    }

    /// Records that `by` carries a break forward. Once both exchanges do, the window waits for it no more, and the pair
    /// of a root break counts as agreed. Again by the same exchange changes nothing.
    ///
    /// # Errors
    /// `break.unknown` if the window does not wait for it; `break.not_concerned` if `by` is not of its pair.
    pub fn carry(mut self, id: BreakId, by: &ExchangeCode, now: Timestamp) -> Result<Self, Refusal> {
        let Some(blocking) = self.breaks.get_mut(&id) else {
            let expected = format!("a root or amount break that {} waits for", self.id);
            return Err(Refusal::new(RefusalCode::BreakUnknown, "break", expected));
        };
        if !blocking.pair.contains(by) {
            let expected = format!("an exchange of {}", blocking.pair);
            return Err(Refusal::new(RefusalCode::BreakNotConcerned, "break", expected));
        }
        blocking.carried_by.insert(by.clone());
        self.become_final(now);
        Ok(self)
    }

    /// Takes note that a break is resolved or written off. If it was a root break and the pair does not agree, the
    /// pair's signatures are withdrawn, so that both sign what they find now; the break keeps the old heads as
    /// evidence. A final window is left as it is.
    #[must_use]
    pub fn unblock(mut self, id: BreakId, now: Timestamp) -> Self {
        if !matches!(self.state, WindowState::Open | WindowState::Closing { .. }) {
            return self;
        }
        let Some(ended) = self.breaks.remove(&id) else { return self };
        if ended.kind == BreakKind::Root && ended.window == self.id && !self.agrees(&ended.pair) {
            self.heads.remove(&ended.pair);
            self.sign_offs.remove(&ended.pair);
        }
        self.become_final(now);
        self
    }

    /// Whether all exchanges of `pair` signed the same root, or carry a root break of it forward.
    pub fn agrees(&self, pair: &Pair) -> bool {
        // A break that came with an aborted window says nothing of this window's lines.
        let carried = self.breaks.values().any(|blocking| {
            blocking.kind == BreakKind::Root
                && blocking.window == self.id
                && blocking.pair == *pair
                && blocking.is_carried()
        });
        let signed = self.heads.get(pair).is_some_and(|roots| {
            let distinct: BTreeSet<_> = roots.values().collect();
            distinct.len() == 1 && pair.members().all(|member| roots.contains_key(member))
        });
        carried || signed
    }

    /// The pairs with lines that do not agree yet: whom a closing window waits for.
    pub fn disagreeing(&self) -> impl Iterator<Item = &Pair> {
        self.pairs.keys().filter(|pair| !self.agrees(pair))
    }

    /// Makes a closing window final as soon as nothing keeps it.
    pub(super) fn become_final(&mut self, now: Timestamp) {
        let WindowState::Closing { closing_at } = self.state else { return };
        let waits = self.breaks.values().any(|blocking| !blocking.is_carried());
        if !waits && self.disagreeing().next().is_none() {
            self.state = WindowState::Closed { closing_at, closed_at: now };
        }
    }
}
