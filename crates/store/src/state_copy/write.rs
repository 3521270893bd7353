//! One moment of the database, into a stream.

use super::{
    StateCopyError, StateSummary,
    frames::FrameWriter,
    tables::{Table, replicated},
};
use crate::{
    ChainHead, StoreError,
    session::{self, Purpose, READ_LIMIT, within},
    sql,
};
use databourse_primitives::Digest;
use futures::StreamExt as _;
use sha2::{Digest as _, Sha256};
use std::{fmt, pin::pin};
use tokio::io::AsyncWrite;
use tokio_postgres::{Client, Config};

/// The state after one block. Everything read through it is of that block, whatever is committed meanwhile.
///
/// It holds a connection of its own with a transaction that writes nothing; dropping it ends both. The server ends it by
/// itself when nothing is read for a minute.
pub struct StateCopy {
    client: Client,
    head: ChainHead,
}

impl fmt::Debug for StateCopy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StateCopy").field("head", &self.head).finish_non_exhaustive()
    }
}

impl StateCopy {
    /// Takes hold of the state as it is now; `None` before the first block. Whoever wants a certain block does this before
    /// the next one can be committed.
    ///
    /// # Errors
    /// `Damaged`, `Unavailable`, `NotMigrated`.
    pub async fn begin(config: Config) -> Result<Option<Self>, StoreError> {
        let client = session::open(config, Purpose::Copy).await?;
        let head = within(READ_LIMIT, async {
            client.batch_execute(sql::BEGIN_SNAPSHOT).await?;
            // The first statement that reads decides which moment it is.
            Ok(client.query_opt(sql::CHAIN_HEAD, &[]).await?)
        });
        let head = head.await?.as_ref().map(ChainHead::from_row).transpose()?;
        Ok(head.map(|head| Self { client, head }))
    }

    /// The block.
    pub const fn head(&self) -> &ChainHead {
        &self.head
    }

    /// Writes all of it to `sink` and says what it comes to. Memory does not grow with the state.
    ///
    /// # Errors
    /// The sink's, the database's.
    pub async fn write(self, sink: &mut (impl AsyncWrite + Unpin)) -> Result<StateSummary, StateCopyError> {
        write_state(&self.client, self.head, sink).await
    }
}

/// Writes what the open transaction of `client` sees.
pub(super) async fn write_state(
    client: &Client,
    head: ChainHead,
    sink: &mut (impl AsyncWrite + Unpin),
) -> Result<StateSummary, StateCopyError> {
    let mut frames = FrameWriter::begin(sink).await?;
    let mut whole = Sha256::new_with_prefix(b"databourse-state@v1\n");
    let mut row_count: u64 = 0;
    for table in replicated() {
        let count = client.query_one(&format!("SELECT count(*) FROM {}", table.name), &[]).await?;
        let count = u64::try_from(count.try_get::<_, i64>(0)?).unwrap_or_default();
        frames.table(table.name).await?;
        let mut digest = copy_out(client, table, table.columns, Some(&mut frames)).await?;
        frames.end_table().await?;
        if table.digested != table.columns {
            digest = copy_out::<tokio::io::Sink>(client, table, table.digested, None).await?;
        }
        whole.update(digest_text(table.name, count, &digest));
        row_count = row_count.saturating_add(count);
    }
    frames.end().await?;
    Ok(StateSummary { head, row_count, digest: Digest::from_bytes(whole.finalize().into()) })
}

/// The rows of `columns`, into `frames` if there are any, and their SHA-256.
async fn copy_out<W: AsyncWrite + Unpin>(
    client: &Client,
    table: Table,
    columns: &str,
    mut frames: Option<&mut FrameWriter<'_, W>>,
) -> Result<[u8; 32], StateCopyError> {
    let mut rows = pin!(client.copy_out(table.copy_out(columns).as_str()).await?);
    let mut hasher = Sha256::new();
    while let Some(bytes) = rows.next().await {
        let bytes = bytes?;
        hasher.update(&bytes);
        if let Some(frames) = &mut frames {
            frames.rows(&bytes).await?;
        }
    }
    Ok(hasher.finalize().into())
}

/// What a table adds to the digest of the state.
pub(crate) fn digest_text(table: &str, row_count: u64, digest: &[u8; 32]) -> String {
    format!("{table} {row_count} {}\n", hex(digest))
}

fn hex(digest: &[u8; 32]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
