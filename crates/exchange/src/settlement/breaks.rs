//! Opening breaks in the ledger for what a reconciliation found, each once.

use super::{SettlementError, lines::next_page};
use crate::{Acting, Node, NodeError, Submission, SubmitError};
use databourse_market::Command;
use databourse_primitives::{AmountMinor, BreakId, Label, Refusal, WindowId};
use databourse_rails::end_to_end_id;
use databourse_reconcile::BusinessKey;
use databourse_settlement::{
    AddEvidence, AssignBreak, Break, BreakKind, BreakOperator, Evidence, OpenBreak, Pair,
};
use databourse_store::Column;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tokio::sync::Mutex;

/// The most breaks that one run opens: a book of another year must not fill the ledger.
pub const BREAKS_OPENED_MAX: usize = 1_000;
/// How many breaks are opened by one call: up to five entries each, all next to one another in the pool.
const BREAKS_PER_CALL: usize = 25;

/// One run at a time looks which breaks are open and opens those that are not.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

/// The break of the ledger that stands for something found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum OpenedBreak {
    /// This run opened it.
    Opened {
        /// Its name.
        id: BreakId,
    },
    /// It was open before.
    AlreadyOpen {
        /// Its name.
        id: BreakId,
    },
    /// The ledger did not take it, or not its evidence.
    Refused {
        /// Why.
        refusal: Refusal,
    },
    /// It is one too many for one run; the next one opens it.
    Later,
}

/// A break to be opened unless it is open.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) identity: Identity,
    pub(super) left_minor: Option<AmountMinor>,
    pub(super) right_minor: Option<AmountMinor>,
    pub(super) evidence: Vec<Evidence>,
}

/// What makes a break the same as another of the window. Without a key its amounts tell it from others, and two equal
/// ones are two breaks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Identity {
    pub(super) pair: Pair,
    pub(super) kind: BreakKind,
    pub(super) key: Option<Label>,
    keyless_amounts: Option<[Option<AmountMinor>; 2]>,
}

impl Identity {
    pub(super) fn new(
        pair: Pair,
        kind: BreakKind,
        key: Option<Label>,
        amounts: [Option<AmountMinor>; 2],
    ) -> Self {
        let keyless_amounts = key.is_none().then_some(amounts);
        Self { pair, kind, key, keyless_amounts }
    }
}

/// The key as a break has it: a [`Label`], which is shorter. That of a refund becomes `refund/<entry>.<line>`, which
/// says as much since the entry is of one order; that of a payment, the name that banks carry. `None` for another key
/// that is no label.
pub(super) fn break_key(key: &BusinessKey) -> Option<Label> {
    let text = key.as_str();
    if let Ok(instruction) = text.parse() {
        return end_to_end_id(instruction).parse().ok();
    }
    if let Some((licence, refund)) = text.split_once("/refund/") {
        let (_, line) = licence.split_once('.')?;
        return format!("refund/{refund}.{line}").parse().ok();
    }
    text.parse().ok()
}

impl Node {
    /// Opens what is not open yet, in this exchange's name, by `person`, who becomes its owner and adds the evidence.
    /// Answers in the order of `candidates`.
    pub(super) async fn open_breaks(
        &self,
        window: WindowId,
        person: &Label,
        candidates: Vec<Candidate>,
    ) -> Result<Vec<OpenedBreak>, SettlementError> {
        let _turn = ONE_AT_A_TIME.lock().await;
        let mut open = self.breaks_open(window).await?;
        let mut answers: Vec<Option<OpenedBreak>> = Vec::with_capacity(candidates.len());
        let mut absent = Vec::new();
        for candidate in candidates {
            let known = open.get_mut(&candidate.identity).and_then(Vec::pop);
            answers.push(match known {
                Some(id) => Some(OpenedBreak::AlreadyOpen { id }),
                None if absent.len() == BREAKS_OPENED_MAX => Some(OpenedBreak::Later),
                None => {
                    absent.push(candidate);
                    None
                }
            });
        }
        let mut opened = Vec::with_capacity(absent.len());
        for some in absent.chunks(BREAKS_PER_CALL) {
            opened.extend(self.open_some(window, person, some).await?);
        }
        let mut opened = opened.into_iter();
        Ok(answers.into_iter().filter_map(|answer| answer.or_else(|| opened.next())).collect())
    }

    /// The breaks of a window that did not end yet.
    async fn breaks_open(&self, window: WindowId) -> Result<BTreeMap<Identity, Vec<BreakId>>, NodeError> {
        let mut open: BTreeMap<Identity, Vec<BreakId>> = BTreeMap::new();
        let filters = [(Column::Window, window.to_string())];
        let mut after = None;
        loop {
            let page: Vec<Break> = next_page(self.store(), &filters, &mut after).await?;
            for found in page.into_iter().filter(|found| !found.state.is_ended()) {
                let amounts = [found.left_minor, found.right_minor];
                let identity = Identity::new(found.pair, found.kind, found.key, amounts);
                open.entry(identity).or_default().push(found.id);
            }
            if after.is_none() {
                return Ok(open);
            }
        }
    }

    async fn open_some(
        &self,
        window: WindowId,
        person: &Label,
        candidates: &[Candidate],
    ) -> Result<Vec<OpenedBreak>, SettlementError> {
        let mut submissions = Vec::with_capacity(candidates.len() * 5);
        let (mut ids, mut counts) =
            (Vec::with_capacity(candidates.len()), Vec::with_capacity(candidates.len()));
        for candidate in candidates {
            let entry = self.new_entry_id()?;
            let id = BreakId::from(entry);
            ids.push(id);
            let Identity { pair, kind, key, .. } = candidate.identity.clone();
            let open = Command::OpenBreak(OpenBreak {
                window,
                pair,
                kind,
                key,
                left_minor: candidate.left_minor,
                right_minor: candidate.right_minor,
                person: person.clone(),
            });
            let owner = BreakOperator { exchange: self.exchange().clone(), person: person.clone() };
            // Evidence is added to what has an owner.
            let assign = Command::AssignBreak(AssignBreak { r#break: id, owner, person: person.clone() });
            let mut commands = vec![(entry, open), (self.new_entry_id()?, assign)];
            for evidence in candidate.evidence.clone() {
                let add = AddEvidence { r#break: id, evidence, person: person.clone() };
                commands.push((self.new_entry_id()?, Command::AddEvidence(add)));
            }
            counts.push(commands.len());
            submissions.extend(commands.into_iter().map(|(id, command)| {
                let acting = Acting::Exchange;
                Submission::Command { id, acting, command }
            }));
        }
        let mut answers = self.submit(submissions).await.into_iter();
        let mut opened = Vec::with_capacity(ids.len());
        for (id, count) in ids.into_iter().zip(counts) {
            let answers: Vec<_> = answers.by_ref().take(count).collect();
            // The first that is refused says why; those after it only follow.
            opened.push(match answers.iter().find_map(|answer| answer.as_ref().err()) {
                None => OpenedBreak::Opened { id },
                Some(SubmitError::Refused(refusal)) => OpenedBreak::Refused { refusal: refusal.clone() },
                Some(SubmitError::Unavailable { reason }) => {
                    return Err(NodeError::Pipeline(reason.clone()).into());
                }
            });
        }
        Ok(opened)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_sales_refunds_and_payments_fit_a_break() {
        let order = "019aa2b4-5c00-7000-8000-000000000001";
        let refund = "019aa2b4-5c00-7000-8000-000000000002";
        for (key, expected) in [
            (format!("{order}.3/sale"), Some(format!("{order}.3/sale"))),
            (format!("{order}.3/refund/{refund}"), Some(format!("refund/{refund}.3"))),
            ("CNY/2#7/1".to_owned(), Some("CNY.2-7-1".to_owned())),
            ("b-1".to_owned(), Some("b-1".to_owned())),
            ("x".repeat(65), None),
        ] {
            let found = break_key(&key.parse().unwrap()).map(|label| label.to_string());
            assert_eq!(found, expected, "{key}");
        }
    }
}
