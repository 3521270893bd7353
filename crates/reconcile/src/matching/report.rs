//! What a reconciliation found.

use crate::key::BusinessKey;
use crate::kind::BreakKind;
use crate::line::{SettlementLine, position};
use crate::tree::{
    Node, Proof, ProofEnd, ProofError, Summary, TreeError, WindowTree, verify_absence, verify_inclusion,
};
use databourse_primitives::Label;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// By which rule lines were matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The roots are equal: the whole window in one comparison.
    Root,
    /// They stand in branches, or among the lines of a leaf, that both trees share.
    Tree,
    /// The bank names the key, and everything agrees.
    Key,
    /// The bank names the key, and the amounts agree within the tolerance.
    Tolerance,
    /// One line is one line, by all amounts.
    OneToOne,
    /// One right line is the sum of several left lines.
    OneToMany,
    /// One left line is the sum of several right lines.
    ManyToOne,
}

/// How many lines of each side a rule matched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Matched {
    /// Lines of the ledger.
    pub left: u64,
    /// Lines of the other side.
    pub right: u64,
}

/// Where every line of the two sides went. Each line is matched once or in one break.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tally {
    /// All lines given.
    pub lines: Matched,
    /// Those that match.
    pub matched: Matched,
    /// Those in breaks.
    pub in_breaks: Matched,
}

impl Tally {
    /// Adds up what was found for `lines` lines.
    pub(crate) fn of<R>(lines: Matched, matched: &BTreeMap<Rule, Matched>, breaks: &[FoundBreak<R>]) -> Self {
        let mut tally = Self { lines, ..Self::default() };
        for by_rule in matched.values() {
            tally.matched.left += by_rule.left;
            tally.matched.right += by_rule.right;
        }
        for found in breaks {
            tally.in_breaks.left += found.left.len() as u64;
            tally.in_breaks.right += found.right.len() as u64;
        }
        tally
    }

    /// Whether no line was dropped and none counted twice.
    pub const fn ties_out(&self) -> bool {
        self.lines.left == self.matched.left + self.in_breaks.left
            && self.lines.right == self.matched.right + self.in_breaks.right
    }
}

/// One break. `R` is a line of the right side: of a book, or of a bank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FoundBreak<R = SettlementLine> {
    /// What is wrong.
    pub kind: BreakKind,
    /// The key concerned: of the first line that has one. Absent if no line has, and for `root`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<BusinessKey>,
    /// The counterparty concerned, of the ledger if it has a line; absent for `root` and where a bank does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counterparty: Option<Label>,
    /// Lines of the ledger in this window.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<SettlementLine>,
    /// Lines of the other side in this window.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub right: Vec<R>,
    /// Lines that explain a `timing` or a `duplicate` break but count elsewhere: those of neighbouring windows in their
    /// own, and the one of a key's lines that matched among the matches.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub elsewhere: Vec<SettlementLine>,
}

impl FoundBreak {
    /// A break between lines of the ledger and of a book; key and counterparty are those of the first line.
    pub(crate) fn of(kind: BreakKind, left: Vec<SettlementLine>, right: Vec<SettlementLine>) -> Self {
        let lines = || left.iter().chain(&right);
        let key = lines().find_map(|line| line.key.clone());
        let counterparty = lines().next().map(|line| line.counterparty.clone());
        Self { kind, key, counterparty, left, right, elsewhere: Vec::new() }
    }

    /// The places that prove it: of every line concerned, at both sides. Ordered, each once; proofs stand in this order.
    pub fn places(&self) -> BTreeSet<(Label, Option<BusinessKey>)> {
        let lines = self.left.iter().chain(&self.right).chain(&self.elsewhere);
        lines.map(|line| (line.counterparty.clone(), line.key.clone())).collect()
    }

    /// What proves the break to a stranger: for every place concerned, what each tree has there or that it has nothing.
    /// The two summaries are what the signed heads must show; for `root` they are all there is.
    pub fn evidence(&self, left: &WindowTree, right: &WindowTree) -> Evidence {
        let proofs = |tree: &WindowTree| {
            self.places().iter().map(|(counterparty, key)| tree.proof(counterparty, key.as_ref())).collect()
        };
        Evidence {
            left_root: left.root(),
            right_root: right.root(),
            left: proofs(left),
            right: proofs(right),
        }
    }
}

/// Proofs of one break, checkable with the two roots alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// The root of the ledger's tree, which its signed head shows.
    pub left_root: Summary,
    /// The root of the book's tree, which its signed head shows.
    pub right_root: Summary,
    /// One proof for each place concerned, ordered by counterparty and key.
    pub left: Vec<Proof>,
    /// As `left`, at the other side.
    pub right: Vec<Proof>,
}

impl Evidence {
    /// Whether it proves the lines of `found`: each of them stands in the tree of its side, and where the break has no
    /// line of a side, that side has none.
    ///
    /// # Errors
    /// The first proof that fails.
    pub fn verify(&self, found: &FoundBreak) -> Result<(), ProofError> {
        let places = found.places();
        let mut twice = false;
        for (root, proofs, lines) in
            [(&self.left_root, &self.left, &found.left), (&self.right_root, &self.right, &found.right)]
        {
            if proofs.len() != places.len() {
                return Err(ProofError::Malformed);
            }
            let mut held = 0;
            for ((counterparty, key), proof) in places.iter().zip(proofs) {
                let place = position(counterparty, key.as_ref());
                let mut here = lines.iter().filter(|line| line.position() == place).peekable();
                if let ProofEnd::Node(Node::Leaf { lines }) = &proof.end {
                    held += lines.iter().filter(|line| line.position() == place).count();
                }
                // A duplicate shows the line too many; that another of the key matched is no contradiction.
                if here.peek().is_none() && found.kind != BreakKind::Duplicate && key.is_some() {
                    verify_absence(root, counterparty, key.as_ref(), proof)?;
                }
                here.try_for_each(|line| verify_inclusion(root, line, proof).map(drop))?;
            }
            twice |= held > 1;
        }
        let windows = || found.left.iter().chain(&found.right).map(|line| line.window);
        let neighbours = found.elsewhere.iter().any(|line| windows().all(|window| window != line.window));
        if found.kind == BreakKind::Duplicate && !twice && !neighbours {
            return Err(ProofError::ClaimDiffers);
        }
        Ok(())
    }
}

/// The result of comparing the ledger with a book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reconciliation {
    /// Root of the ledger's tree.
    pub left_root: Summary,
    /// Root of the book's tree.
    pub right_root: Summary,
    /// Lines matched, by rule.
    pub matched: BTreeMap<Rule, Matched>,
    /// The breaks: `root` first, then by counterparty, key and kind.
    pub breaks: Vec<FoundBreak>,
    /// Where every line went; it ties out.
    pub tally: Tally,
    /// Hashes that came from the right side to find what differs.
    pub hashes_fetched: u64,
    /// Nodes that came from the right side.
    pub nodes_fetched: u64,
}

impl Reconciliation {
    /// Hashes fetched per break, in thousandths, rounded down; `None` without breaks.
    pub fn hashes_per_break_milli(&self) -> Option<u64> {
        self.hashes_fetched.saturating_mul(1000).checked_div(self.breaks.len() as u64)
    }

    /// Whether the sides agree: no break is open.
    pub fn is_clean(&self) -> bool {
        self.breaks.is_empty()
    }

    /// Why the tally would not tie out is a defect here; the caller gets no report rather than a wrong one.
    pub(crate) fn checked(self) -> Result<Self, TreeError> {
        if self.tally.ties_out() { Ok(self) } else { Err(TreeError::NotTied) }
    }
}
