//! Heads of a window: what this exchange finds in the ledger for each of its pairs, signs, and compares with what was
//! signed.

use super::lines::PairLines;
use crate::{Acknowledgement, Acting, Node, NodeError, Submission, SubmitError};
use databourse_market::Command;
use databourse_primitives::{Digest, ExchangeCode, Label, Refusal, RefusalCode, WindowId};
use databourse_reconcile::tree::WindowTree;
use databourse_settlement::{Pair, SignWindow, Window, WindowHead, WindowState};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Whether the exchanges of a pair signed what the ledger has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeadVerdict {
    /// Every exchange of the pair signed the ledger's root.
    Agreed,
    /// Not all signed yet; those that did signed the ledger's root.
    Waiting,
    /// A root was signed that is not that of the ledger's lines.
    Differs,
}

/// The signed heads of one pair beside the ledger's lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeadComparison {
    /// The pair.
    pub pair: Pair,
    /// Number of the ledger's lines.
    pub line_count: u64,
    /// The root of their tree.
    pub ledger_root: Digest,
    /// The root that each exchange signed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub signed: BTreeMap<ExchangeCode, Digest>,
    /// Whether they agree.
    pub verdict: HeadVerdict,
}

impl HeadComparison {
    pub(super) fn new(window: &Window, pair: &Pair, line_count: u64, ledger_root: Digest) -> Self {
        let signed = window.heads.get(pair).cloned().unwrap_or_default();
        let verdict = if signed.values().any(|root| *root != ledger_root) {
            HeadVerdict::Differs
        } else if pair.members().all(|member| signed.contains_key(member)) {
            HeadVerdict::Agreed
        } else {
            HeadVerdict::Waiting
        };
        Self { pair: pair.clone(), line_count, ledger_root, signed, verdict }
    }
}

impl Node {
    /// The head of a pair's lines in a window, `None` if the window is unknown or the pair has no line in it. The head
    /// of an open window is already old when it is read.
    ///
    /// # Errors
    /// The database, or damage: lines that are not those that a closed window counted.
    pub async fn window_head(&self, window: WindowId, pair: &Pair) -> Result<Option<WindowHead>, NodeError> {
        let Some(record) = self.window_record(window).await? else { return Ok(None) };
        let mut found = self.lines_of_window(window, |other| other == pair).await?;
        let Some(lines) = found.remove(pair) else { return Ok(None) };
        check(&record, pair, &lines)?;
        head(record.id, pair.clone(), lines).await.map(Some)
    }

    /// Signs what this exchange finds in a closing window, for every pair that it is in and has not signed the same for
    /// before: as one of the two people that it takes, or without people. Answers in the order of the pairs; none if
    /// there is nothing left to sign.
    pub async fn sign_window(
        &self,
        window: WindowId,
        person: Option<Label>,
    ) -> Vec<Result<Acknowledgement, SubmitError>> {
        match self.signatures(window, person.as_ref()).await {
            Ok(submissions) => self.submit(submissions).await,
            Err(error) => vec![Err(error)],
        }
    }

    async fn signatures(
        &self,
        window: WindowId,
        person: Option<&Label>,
    ) -> Result<Vec<Submission>, SubmitError> {
        let record = self.window_record(window).await?.ok_or_else(unknown)?;
        let found = self.lines_of_window(window, |pair| pair.contains(self.exchange())).await?;
        let mut submissions = Vec::with_capacity(found.len());
        for (pair, lines) in found {
            check(&record, &pair, &lines)?;
            let head = head(window, pair, lines).await?;
            let signed = record.heads.get(&head.pair).and_then(|roots| roots.get(self.exchange()));
            if signed != Some(&head.root) {
                let id = self.new_entry_id()?;
                let command = Command::SignWindow(SignWindow { head, person: person.cloned() });
                submissions.push(Submission::Command { id, acting: Acting::Exchange, command });
            }
        }
        Ok(submissions)
    }

    /// The roots that were signed in a window beside the ledger's own, for every pair of the region with lines in it, in
    /// the order of the pairs; `None` if the window is unknown.
    ///
    /// # Errors
    /// The database, or damage.
    pub async fn compare_heads(&self, window: WindowId) -> Result<Option<Vec<HeadComparison>>, NodeError> {
        let Some(record) = self.window_record(window).await? else { return Ok(None) };
        let mut compared = Vec::new();
        for (pair, lines) in self.lines_of_window(window, |_| true).await? {
            check(&record, &pair, &lines)?;
            let head = head(window, pair, lines).await?;
            compared.push(HeadComparison::new(&record, &head.pair, head.line_count, head.root));
        }
        Ok(Some(compared))
    }

    pub(super) async fn window_record(&self, window: WindowId) -> Result<Option<Window>, NodeError> {
        Ok(self.store().get::<Window>(&window.to_string()).await?)
    }
}

/// `window.unknown`.
pub(super) fn unknown() -> Refusal {
    Refusal::new(RefusalCode::WindowUnknown, "window", "a window of the ledger, e.g. `CNY/2#7`")
}

/// Holds a pair's lines against what the window counted when their money moved.
///
/// # Errors
/// [`NodeError::Damaged`]. Nothing is said of an open window, which was read a moment before its lines.
pub(super) fn check(window: &Window, pair: &Pair, lines: &PairLines) -> Result<(), NodeError> {
    let counted = window.pairs.get(pair).copied().unwrap_or_default();
    if window.state == WindowState::Open || counted == lines.totals {
        return Ok(());
    }
    let damage = format!("the lines of {pair} in {} are not those that the window counted", window.id);
    Err(NodeError::Damaged(damage))
}

async fn head(window: WindowId, pair: Pair, lines: PairLines) -> Result<WindowHead, NodeError> {
    let PairLines { lines, totals } = lines;
    let root = off_thread(move || tree(lines).map(|tree| tree.root().hash)).await?;
    Ok(WindowHead {
        window,
        pair,
        root,
        line_count: totals.line_count,
        left_to_right_minor: totals.left_to_right_minor,
        right_to_left_minor: totals.right_to_left_minor,
    })
}

/// The tree of lines that come from the ledger.
pub(super) fn tree(lines: Vec<databourse_reconcile::SettlementLine>) -> Result<WindowTree, NodeError> {
    WindowTree::build(lines).map_err(|error| NodeError::Damaged(error.to_string()))
}

/// Does work that takes a processor for long away from the threads that serve requests.
pub(super) async fn off_thread<T, E>(work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, E>
where
    T: Send + 'static,
    E: From<NodeError> + Send + 'static,
{
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|failure| Err(NodeError::Pipeline(failure.to_string()).into()))
}
