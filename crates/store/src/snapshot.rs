//! The money of one moment: accounts and the whole journal, read page by page while the ledger goes on.

use crate::{
    ChainHead, JournalPosting, ListQuery, Page, PostingCursor, Store, StoreError,
    cell::Cells,
    journal::{place_parameters, posting},
    list::page_of,
    session::{READ_LIMIT, within},
    sql,
};
use databourse_primitives::Timestamp;
use databourse_settlement::{Account, AccountId};
use deadpool_postgres::{ClientWrapper, Object};
use std::fmt;
use tokio_postgres::types::{ToSql, Type};

/// A posting with the account that it is on and the type of the entry that made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalLeg {
    /// The account.
    pub account: AccountId,
    /// Type of the entry.
    pub entry_type: String,
    /// The posting.
    pub posting: JournalPosting,
}

/// The ledger's money as of one block. Everything read through it is of that block, whatever is committed meanwhile.
///
/// It holds a connection of its own, outside the pool, with a transaction that writes nothing; dropping it ends both.
/// The server ends it by itself when nothing is read for a minute.
pub struct JournalSnapshot {
    client: ClientWrapper,
    head: ChainHead,
    first_time: Timestamp,
}

impl fmt::Debug for JournalSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JournalSnapshot").field("head", &self.head).finish_non_exhaustive()
    }
}

impl Store {
    /// The money as it is now; `None` before the first block.
    ///
    /// # Errors
    /// `Damaged`, `Unavailable`, `NotMigrated`.
    pub async fn journal_snapshot(&self) -> Result<Option<JournalSnapshot>, StoreError> {
        let begun = within(READ_LIMIT, async {
            // Taken out of the pool: a connection never goes back into it with a transaction open.
            let client = Object::take(self.connection().await?);
            client.batch_execute(sql::BEGIN_SNAPSHOT).await?;
            // The first statement that reads decides which moment it is.
            let head = client.query_opt(sql::CHAIN_HEAD, &[]).await?;
            let first = client.query_opt(sql::BLOCKS, &[&0_i64, &1_i64]).await?;
            Ok((client, head, first))
        });
        let (client, head, first) = begun.await?;
        let Some(head) = head else { return Ok(None) };
        let head = ChainHead::from_row(&head)?;
        let first = first.ok_or_else(|| StoreError::damaged("block", "height", head.height))?;
        let first_time = Cells::new(&first, "block", &"first").time("time_ms")?;
        Ok(Some(JournalSnapshot { client, head, first_time }))
    }
}

impl JournalSnapshot {
    /// The block that it is of.
    pub const fn head(&self) -> &ChainHead {
        &self.head
    }

    /// Time of the ledger's first block.
    pub const fn first_time(&self) -> Timestamp {
        self.first_time
    }

    /// At most `limit` accounts in order of name, from behind `after`, the `next` of the page before.
    ///
    /// # Errors
    /// `Damaged`, `Unavailable`.
    pub async fn accounts(&self, after: Option<String>, limit: u32) -> Result<Page<Account>, StoreError> {
        let query = ListQuery { after, limit, ..ListQuery::default() };
        within(READ_LIMIT, page_of(&self.client, &query)).await
    }

    /// At most `limit` postings in the order of the ledger, after the place `after`. A transaction's legs may stand on
    /// two pages.
    ///
    /// # Errors
    /// `Damaged`, `Unavailable`.
    pub async fn legs(
        &self,
        after: Option<PostingCursor>,
        limit: u32,
    ) -> Result<Vec<JournalLeg>, StoreError> {
        let (leaf_index, transaction_no, leg) = place_parameters(after);
        let limit = i64::from(limit);
        // Not prepared: a plan that knows the limit joins the page, not the tables.
        let rows = within(READ_LIMIT, async {
            let parameters: [(&(dyn ToSql + Sync), Type); 4] = [
                (&leaf_index, Type::INT8),
                (&transaction_no, Type::INT4),
                (&leg, Type::INT4),
                (&limit, Type::INT8),
            ];
            Ok(self.client.query_typed(sql::JOURNAL, &parameters).await?)
        });
        let legs = rows.await?;
        let legs = legs.iter().map(|row| {
            let posting = posting(row)?;
            let account = Cells::new(row, "posting", &posting.place).parsed("account")?;
            let entry_type = Cells::new(row, "entry", &posting.place.leaf_index).get("entry_type")?;
            Ok(JournalLeg { account, entry_type, posting })
        });
        legs.collect()
    }
}
