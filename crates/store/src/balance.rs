//! Balances of one account at a place in the ledger, and its statement of a window.

use crate::{
    JournalPosting, PostingCursor, Store, StoreError,
    cell::{Cells, bigint_or_max},
    journal::{place_parameters, posting},
    sql,
};
use databourse_primitives::{TreeSize, WindowId};
use databourse_settlement::{Account, AccountId, Balances};
use tokio_postgres::{Row, types::ToSql};

impl Store {
    /// The balances of `account` when the ledger had `size` leaves, summed up from its postings up to there; zero for
    /// an account that had none. At the ledger's present size they are those of the account's record.
    ///
    /// # Errors
    /// `Damaged`, `Unavailable`.
    pub async fn balances_at(&self, account: &AccountId, size: TreeSize) -> Result<Balances, StoreError> {
        let name = account.to_string();
        let rows = self.rows(sql::BALANCES_AT, &[&name, &bigint_or_max(size.0)]).await?;
        balances(account, &rows)
    }

    /// The balances with which `account` went into `window`: those before the first posting of that window or of a
    /// later one, anybody's. Zero if the window is of another asset.
    ///
    /// They are what the account has now less what was posted from then on, so a recent window costs little whatever
    /// the account's history; [`Store::check_money`] says whether account and journal agree.
    ///
    /// # Errors
    /// `Damaged`, `Unavailable`.
    pub async fn account_balance_before(
        &self,
        account: &AccountId,
        window: &WindowId,
    ) -> Result<Balances, StoreError> {
        if account.asset != window.asset {
            return Ok(Balances::default());
        }
        let (name, asset) = (account.to_string(), window.asset.to_string());
        let rows = self.rows(sql::BALANCES_BEFORE, &[&name, &asset, &bigint_or_max(window.number)]).await?;
        balances(account, &rows)
    }

    /// The postings of `account` in `window`, in the order of the ledger: at most `limit`, after the place `after`.
    ///
    /// # Errors
    /// `Damaged`, `Unavailable`.
    pub async fn account_window_postings(
        &self,
        account: &AccountId,
        window: &WindowId,
        after: Option<PostingCursor>,
        limit: u32,
    ) -> Result<Vec<JournalPosting>, StoreError> {
        let (leaf_index, transaction_no, leg) = place_parameters(after);
        let (name, asset, window_name) = (account.to_string(), window.asset.to_string(), window.to_string());
        let (number, limit) = (bigint_or_max(window.number), i64::from(limit));
        let parameters: [&(dyn ToSql + Sync); 8] =
            [&name, &leaf_index, &transaction_no, &leg, &asset, &number, &window_name, &limit];
        let rows = self.rows(sql::WINDOW_POSTINGS, &parameters).await?;
        rows.iter().map(posting).collect()
    }
}

/// The balances from a row of totals; without a row, those of an unused account.
fn balances(account: &AccountId, rows: &[Row]) -> Result<Balances, StoreError> {
    let mut totals = Account::unused(account.clone());
    if let Some(row) = rows.first() {
        let cells = Cells::new(row, "account", account);
        let total = |column| match cells.parsed::<i64>(column)? {
            // No total is ever below zero; a difference of two is if account and journal disagree.
            total @ 0.. => Ok(total),
            _ => Err(cells.damaged(column)),
        };
        totals.debits_minor = total("debits_minor")?;
        totals.credits_minor = total("credits_minor")?;
        totals.debits_pending_minor = total("debits_pending_minor")?;
        totals.credits_pending_minor = total("credits_pending_minor")?;
    }
    Ok(totals.balances())
}
