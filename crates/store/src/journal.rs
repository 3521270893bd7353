//! The journal of money, and the two sums that must agree.

use crate::{
    Store, StoreError,
    cell::{Cells, bigint_or_max, is_storable},
    entry::entry_id,
    sql,
};
use databourse_primitives::{AmountMinor, Asset, EntryId, Height, Timestamp, WindowId};
use databourse_settlement::{Side, TransactionKind};
use serde::{
    Deserialize, Serialize,
    de::{IntoDeserializer, value},
};
use std::fmt;
use tokio_postgres::Row;

/// Place of a posting in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PostingCursor {
    /// The entry that moved the money.
    pub leaf_index: u64,
    /// The transaction among those of the entry, from 0.
    pub transaction_no: u32,
    /// The leg of the transaction, from 0.
    pub leg: u32,
}

impl fmt::Display for PostingCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.leaf_index, self.transaction_no, self.leg)
    }
}

/// A posting as a statement shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalPosting {
    /// Its place.
    pub place: PostingCursor,
    /// The entry that made it.
    pub entry: EntryId,
    /// The block that holds the entry.
    pub height: Height,
    /// That block's time.
    pub time: Timestamp,
    /// The side of the account.
    pub side: Side,
    /// How much was posted, minor units.
    pub amount_minor: AmountMinor,
    /// By how much what is pending on this side changed, minor units; below zero when held money is posted or freed.
    pub pending_minor: i64,
    /// What.
    pub asset: Asset,
    /// Why.
    pub kind: TransactionKind,
    /// The window that it belongs to.
    pub window: WindowId,
}

/// Sums of one asset, minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrialLine {
    /// The asset.
    pub asset: Asset,
    /// Sum of all posted debits.
    pub debits_minor: i128,
    /// Sum of all posted credits.
    pub credits_minor: i128,
    /// Sum of all pending debits.
    pub debits_pending_minor: i128,
    /// Sum of all pending credits.
    pub credits_pending_minor: i128,
}

impl TrialLine {
    const fn is_balanced(&self) -> bool {
        self.debits_minor == self.credits_minor && self.debits_pending_minor == self.credits_pending_minor
    }

    const fn is_used(&self) -> bool {
        self.debits_minor != 0
            || self.credits_minor != 0
            || self.debits_pending_minor != 0
            || self.credits_pending_minor != 0
    }
}

/// The trial balance, from the accounts and again from the journal, one snapshot, in order of asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrialBalance {
    /// Sums of the accounts' totals.
    pub accounts: Vec<TrialLine>,
    /// Sums of the postings.
    pub postings: Vec<TrialLine>,
}

impl TrialBalance {
    /// Whether in each asset debits equal credits, posted and pending ones, and accounts and journal say the same. An
    /// asset whose accounts were never used counts as absent.
    pub fn holds(&self) -> bool {
        let used = |line: &&TrialLine| line.is_used();
        let balanced = self.accounts.iter().all(TrialLine::is_balanced);
        balanced && self.accounts.iter().filter(used).eq(self.postings.iter().filter(used))
    }
}

impl Store {
    /// The account's postings in the order of the ledger: at most `limit`, after the place `after`.
    ///
    /// # Errors
    /// `Damaged`, `Unavailable`.
    pub async fn postings(
        &self,
        account: &str,
        after: Option<PostingCursor>,
        limit: u32,
    ) -> Result<Vec<JournalPosting>, StoreError> {
        if !is_storable(account) {
            return Ok(Vec::new());
        }
        let (leaf_index, transaction_no, leg) = place_parameters(after);
        let rows = self
            .rows(sql::POSTINGS, &[&account, &leaf_index, &transaction_no, &leg, &i64::from(limit)])
            .await?;
        rows.iter().map(posting).collect()
    }

    /// The account's postings from the latest back: at most `limit`, before the place `before`.
    ///
    /// # Errors
    /// `Damaged`, `Unavailable`.
    pub async fn postings_backwards(
        &self,
        account: &str,
        before: Option<PostingCursor>,
        limit: u32,
    ) -> Result<Vec<JournalPosting>, StoreError> {
        if !is_storable(account) {
            return Ok(Vec::new());
        }
        // Without a place, one after all others.
        let end = PostingCursor { leaf_index: u64::MAX, transaction_no: u32::MAX, leg: u32::MAX };
        let (leaf_index, transaction_no, leg) = place_parameters(Some(before.unwrap_or(end)));
        let rows = self
            .rows(sql::POSTINGS_BACKWARDS, &[&account, &leaf_index, &transaction_no, &leg, &i64::from(limit)])
            .await?;
        rows.iter().map(posting).collect()
    }

    /// Both trial balances. Reads all accounts and the whole journal.
    ///
    /// # Errors
    /// `Damaged`, `Unavailable`.
    pub async fn trial_balance(&self) -> Result<TrialBalance, StoreError> {
        let rows = self.rows(sql::TRIAL_BALANCE, &[]).await?;
        let (mut accounts, mut postings) = (Vec::new(), Vec::new());
        for row in &rows {
            let source: &str = Cells::new(row, "account", &"sum").get("source")?;
            if source == "account" {
                accounts.push(trial_line(row, "account")?);
            } else {
                postings.push(trial_line(row, "posting")?);
            }
        }
        Ok(TrialBalance { accounts, postings })
    }
}

/// A place as the columns have it; without one, a place before all others.
pub(crate) fn place_parameters(after: Option<PostingCursor>) -> (i64, i32, i32) {
    after.map_or((-1, -1, -1), |after| {
        let whole = |number| i32::try_from(number).unwrap_or(i32::MAX);
        (bigint_or_max(after.leaf_index), whole(after.transaction_no), whole(after.leg))
    })
}

pub(crate) fn posting(row: &Row) -> Result<JournalPosting, StoreError> {
    let unnamed = Cells::new(row, "posting", &"?");
    let whole = |column| {
        let number = unnamed.get::<i32>(column)?;
        u32::try_from(number).map_err(|_| unnamed.damaged(column))
    };
    let place = PostingCursor {
        leaf_index: unnamed.number("leaf_index")?,
        transaction_no: whole("transaction_no")?,
        leg: whole("leg")?,
    };
    let cells = Cells::new(row, "posting", &place);
    let amount = AmountMinor::new(cells.get("amount_minor")?);
    let entry_cells = Cells::new(row, "entry", &place.leaf_index);
    let height = entry_cells.number("height")?;
    Ok(JournalPosting {
        place,
        entry: entry_id(&entry_cells)?,
        height: Height(height),
        time: Cells::new(row, "block", &height).time("time_ms")?,
        side: word(&cells, "side")?,
        amount_minor: amount.map_err(|_| cells.damaged("amount_minor"))?,
        pending_minor: cells.get("pending_minor")?,
        asset: cells.parsed("asset")?,
        kind: word(&cells, "kind")?,
        window: cells.parsed("window_name")?,
    })
}

/// A value that is spelt as in JSON, without the quotes.
pub(crate) fn word<'a, T: Deserialize<'a>>(cells: &Cells<'a>, column: &'static str) -> Result<T, StoreError> {
    let text: &str = cells.get(column)?;
    let value: Result<T, value::Error> = T::deserialize(text.into_deserializer());
    value.map_err(|_| cells.damaged(column))
}

fn trial_line(row: &Row, table: &'static str) -> Result<TrialLine, StoreError> {
    let asset: &str = Cells::new(row, table, &"sum").get("asset")?;
    let cells = Cells::new(row, table, &asset);
    Ok(TrialLine {
        asset: cells.parsed("asset")?,
        debits_minor: cells.parsed("debits")?,
        credits_minor: cells.parsed("credits")?,
        debits_pending_minor: cells.parsed("debits_pending")?,
        credits_pending_minor: cells.parsed("credits_pending")?,
    })
}
