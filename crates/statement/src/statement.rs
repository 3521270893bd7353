//! The statement: whose, of which window, with which lines, and by which ledger it is proven.

use crate::{
    Inconsistent, StatementLine, Totals, Words,
    check::{check_line, is_exact},
    words::words,
};
use databourse_primitives::{
    Asset, BilingualText, Digest, ExchangeCode, Holder, Label, Timestamp, TreeSize, WindowId,
};
use serde::{Deserialize, Serialize};

/// Where the window stood when the statement was made. Before `settled` and `aborted` lines may still be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WindowStage {
    /// Takes postings.
    Open,
    /// Its last postings are becoming final.
    Closing,
    /// Takes none any more.
    Closed,
    /// Being paid.
    Settling,
    /// Paid; nothing in it changes.
    Settled,
    /// Ended without payment; its obligations were carried over.
    Aborted,
}

impl WindowStage {
    /// The stage's name for people.
    pub const fn words(self) -> Words {
        match self {
            Self::Open => words("开放", "open"),
            Self::Closing => words("关闭中", "closing"),
            Self::Closed => words("已关闭", "closed"),
            Self::Settling => words("结算中", "settling"),
            Self::Settled => words("已结算", "settled"),
            Self::Aborted => words("已中止", "aborted"),
        }
    }
}

/// What two exchanges signed of the window, by the root of their common tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PairHead {
    /// The two exchanges, e.g. `js/sh`.
    pub pair: Label,
    /// Root of the window's tree of that pair.
    pub root: Digest,
}

/// What a statement is made of. Any value can be written down here; [`Statement::new`] says whether it is consistent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatementParts {
    /// Whose statement it is.
    pub holder: Holder,
    /// The holder's name.
    pub holder_name: BilingualText,
    /// The exchange that keeps the holder's money and makes the statement.
    pub exchange: ExchangeCode,
    /// The exchange's name.
    pub exchange_name: BilingualText,
    /// The settlement window; its asset is the asset of all amounts.
    pub window: WindowId,
    /// Where the window stood.
    pub stage: WindowStage,
    /// Block time of the window's opening.
    pub opened_at: Timestamp,
    /// Block time of its closing, if it is closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
    /// How far the local time of CSV and PDF is ahead of UTC, minutes, −720 to 840. JSON is in UTC always.
    #[serde(default, skip_serializing_if = "is_utc")]
    pub utc_offset_minutes: i16,
    /// The holder's balance before the first line, minor units.
    pub opening_minor: i64,
    /// The holder's balance after the last line, minor units.
    pub closing_minor: i64,
    /// The lines, in the order of the ledger.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<StatementLine>,
    /// Signed heads of the window.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub heads: Vec<PairHead>,
    /// Size of the ledger that the lines were read from: every leaf of theirs is below it.
    pub ledger_size: TreeSize,
    /// Root of the ledger at that size.
    pub ledger_root: Digest,
    /// What else the reader should know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<BilingualText>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_utc(utc_offset_minutes: &i16) -> bool {
    *utc_offset_minutes == 0
}

/// A statement whose every figure follows from the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    parts: StatementParts,
    totals: Totals,
}

impl Statement {
    /// Makes a statement: each line keeps the rule of its [`LineKind`](crate::LineKind) and cites what its parts follow
    /// from, lines are in the order of the ledger and inside it, and opening balance plus all effects is the closing
    /// balance.
    ///
    /// # Errors
    /// The first figure that does not follow, line by line before the whole.
    pub fn new(parts: StatementParts) -> Result<Self, Inconsistent> {
        check_frame(&parts)?;
        let mut totals = Totals::default();
        let mut leaf_before = None;
        for (index, line) in parts.lines.iter().enumerate() {
            check_line(line, parts.window.asset).map_err(|found| found.at(index))?;
            if line.leaf_index.0 >= parts.ledger_size.0 {
                let expected = format!("a leaf below the ledger's size, {}", parts.ledger_size);
                return Err(Inconsistent::new("leaf_index", expected).at(index));
            }
            if leaf_before > Some(line.leaf_index) {
                return Err(Inconsistent::new("leaf_index", "lines in the order of the ledger").at(index));
            }
            leaf_before = Some(line.leaf_index);
            let counted = totals.count(line);
            counted.ok_or_else(|| Inconsistent::new("totals", "sums of at most 2^53 - 1").at(index))?;
        }
        // Four values of at most 2^53.
        let closing_minor = parts.opening_minor + totals.in_minor - totals.out_minor;
        if closing_minor == parts.closing_minor {
            Ok(Self { parts, totals })
        } else {
            let expected = format!("{closing_minor}, the opening balance and all effects");
            Err(Inconsistent::new("closing_minor", expected))
        }
    }

    /// What it is made of.
    pub const fn parts(&self) -> &StatementParts {
        &self.parts
    }

    /// The sums of its lines.
    pub const fn totals(&self) -> &Totals {
        &self.totals
    }

    /// The asset of all amounts.
    pub const fn asset(&self) -> Asset {
        self.parts.window.asset
    }
}

fn check_frame(parts: &StatementParts) -> Result<(), Inconsistent> {
    const EXACT: &str = "at most 2^53 - 1 either way";
    if !is_exact(parts.opening_minor) {
        return Err(Inconsistent::new("opening_minor", EXACT));
    }
    if !is_exact(parts.closing_minor) {
        return Err(Inconsistent::new("closing_minor", EXACT));
    }
    if !(-720..=840).contains(&parts.utc_offset_minutes) {
        return Err(Inconsistent::new("utc_offset_minutes", "-720 to 840"));
    }
    if parts.closed_at.is_some_and(|closed_at| closed_at < parts.opened_at) {
        return Err(Inconsistent::new("closed_at", "not before the opening"));
    }
    Ok(())
}
