//! The writing handle.

use crate::{
    StoreError,
    session::{self, COMMIT_LIMIT, Purpose, READ_LIMIT, WRITER_LOCK, within},
    sql,
};
use databourse_market::Noun;
use futures::future::try_join_all;
use std::{collections::BTreeMap, fmt};
use tokio_postgres::{Client, Config, Row, Statement};

/// The one session that writes this database. It holds an advisory lock for its life, so no other node can write the
/// same database at the same time; the lock goes with the session, however that ends.
pub struct Writer {
    pub(crate) client: Client,
    pub(crate) statements: Statements,
    /// No proposed block of a lower height is kept; where a commit begins to delete them.
    pub(crate) undecided_from: i64,
    /// Set when a write got no answer: what became of it is not known, and the session is not used again.
    is_lost: bool,
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("is_usable", &self.is_usable()).finish_non_exhaustive()
    }
}

/// The statements of the writing session, prepared once.
pub(crate) struct Statements {
    pub(crate) begin_chain: Statement,
    pub(crate) move_head: Statement,
    pub(crate) block: Statement,
    pub(crate) agreement: Statement,
    pub(crate) save_undecided: Statement,
    pub(crate) forget_undecided: Statement,
    pub(crate) entries: Statement,
    pub(crate) entry_counts: Statement,
    pub(crate) tiles: Statement,
    pub(crate) postings: Statement,
    pub(crate) records: BTreeMap<Noun, Statement>,
}

impl Writer {
    /// Opens the session, takes the lock and prepares the statements. To reconnect, drop the old writer and call this
    /// again; while the server has not yet noticed the end of the old session, it answers `LockedByAnother`.
    ///
    /// # Errors
    /// `LockedByAnother`; `NotMigrated`; `ReadOnly`; `Unavailable`.
    pub async fn connect(config: Config) -> Result<Self, StoreError> {
        let client = session::open(config, Purpose::Write).await?;
        within(COMMIT_LIMIT, async {
            let row = client.query_one(sql::TRY_LOCK, &[&WRITER_LOCK]).await?;
            if row.try_get("is_replica")? {
                return Err(StoreError::ReadOnly);
            }
            if !row.try_get::<_, bool>("is_ours")? {
                return Err(StoreError::LockedByAnother);
            }
            let statements = Statements::prepare(&client).await?;
            Ok(Self { client, statements, undecided_from: 0, is_lost: false })
        })
        .await
    }

    /// Whether the session is alive. If not, connect again.
    pub fn is_usable(&self) -> bool {
        !self.is_lost && !self.client.is_closed()
    }

    /// Marks the session as lost until the write that begins now has its answer: if its future is dropped or runs out
    /// of time, the mark stays.
    pub(crate) fn begin(&mut self) -> Result<(), StoreError> {
        if !self.is_usable() {
            return Err(StoreError::unavailable("the writing session has ended"));
        }
        self.is_lost = true;
        Ok(())
    }

    /// Takes the mark away again, unless `answer` leaves open what became of the write.
    pub(crate) fn end<T>(&mut self, answer: &Result<T, StoreError>) {
        self.is_lost = matches!(answer, Err(StoreError::Unavailable { .. }));
    }

    /// The rows of a statement without parameters.
    pub(crate) async fn rows(&self, sql: &str) -> Result<Vec<Row>, StoreError> {
        within(READ_LIMIT, async { Ok(self.client.query(sql, &[]).await?) }).await
    }
}

impl Statements {
    async fn prepare(client: &Client) -> Result<Self, StoreError> {
        let records = Noun::ALL.iter().map(|noun| async {
            let statement = client.prepare(&sql::upsert_records(*noun)).await?;
            Ok::<_, StoreError>((*noun, statement))
        });
        Ok(Self {
            begin_chain: client.prepare(sql::BEGIN_CHAIN).await?,
            move_head: client.prepare(sql::MOVE_HEAD).await?,
            block: client.prepare(sql::INSERT_BLOCK).await?,
            agreement: client.prepare(sql::INSERT_AGREEMENT).await?,
            save_undecided: client.prepare(sql::SAVE_UNDECIDED).await?,
            forget_undecided: client.prepare(sql::FORGET_UNDECIDED).await?,
            entries: client.prepare(sql::INSERT_ENTRIES).await?,
            entry_counts: client.prepare(sql::COUNT_ENTRIES).await?,
            tiles: client.prepare(sql::INSERT_TILES).await?,
            postings: client.prepare(sql::INSERT_POSTINGS).await?,
            records: try_join_all(records).await?.into_iter().collect(),
        })
    }
}
