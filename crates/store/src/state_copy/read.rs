//! A state out of a stream, into an empty database.

use super::{
    StateCopyError, StateSummary,
    frames::FrameReader,
    tables::{OF_BLOCKS, replicated},
    write::write_state,
};
use crate::{
    ChainHead, Store, StoreError,
    cell::{Cells, bigint_or_max},
    session::{self, Purpose, WRITER_LOCK},
    sql,
};
use databourse_merkle::{Hash, TileEdge, leaf_hash};
use databourse_primitives::{Digest, Height};
use futures::{SinkExt as _, pin_mut};
use std::{fmt::Display, io::Cursor};
use tokio::io::AsyncRead;
use tokio_postgres::{Client, Config};

/// How many entries are hashed at a time.
const ENTRIES_PER_PAGE: i64 = 500;

/// What a state must come to; whoever reads one has this from somebody that it trusts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExpectedState {
    /// The block after which it is.
    pub height: Height,
    /// Number of leaves in the ledger.
    pub tree_size: u64,
    /// Root over them.
    pub root: Hash,
    /// Number of rows of all tables.
    pub row_count: u64,
    /// Digest over all tables.
    pub digest: Digest,
}

impl Store {
    /// Fills a migrated, empty database from `source`, in one transaction. Before the commit everything is read once more
    /// out of the tables: the digest, the number of rows and the head must be the expected ones, and the entries must give
    /// the leaf hashes and the root. Nobody else can write the database meanwhile.
    ///
    /// # Errors
    /// `NotEmpty`, `Malformed`, `Stream` (also for a file that was cut off), `Differs`; `Store` with `LockedByAnother`,
    /// `Refused` for rows that the tables do not take, and others. Nothing is kept after any of them.
    pub async fn read_state(
        config: Config,
        source: &mut (impl AsyncRead + Unpin),
        expected: &ExpectedState,
    ) -> Result<StateSummary, StateCopyError> {
        let client = session::open(config, Purpose::Migrate).await?;
        let lock = client.query_one(sql::TRY_LOCK, &[&WRITER_LOCK]).await?;
        if lock.try_get("is_replica")? {
            return Err(StoreError::ReadOnly.into());
        }
        if !lock.try_get::<_, bool>("is_ours")? {
            return Err(StoreError::LockedByAnother.into());
        }
        client.batch_execute("BEGIN").await?;
        let filled = fill(&client, source, expected).await;
        let end = if filled.is_ok() { "COMMIT" } else { "ROLLBACK" };
        let ended = client.batch_execute(end).await;
        let summary = filled?;
        ended?;
        // The server knows nothing yet about tables that were empty a moment ago.
        if let Err(error) = client.batch_execute("ANALYZE").await {
            tracing::warn!(%error, "the tables that were filled are not analysed yet");
        }
        Ok(summary)
    }
}

async fn fill(
    client: &Client,
    source: &mut (impl AsyncRead + Unpin),
    expected: &ExpectedState,
) -> Result<StateSummary, StateCopyError> {
    for table in replicated().map(|table| table.name).chain(OF_BLOCKS) {
        let row = client.query_one(&format!("SELECT EXISTS (SELECT FROM {table})"), &[]).await?;
        if row.try_get(0)? {
            return Err(StateCopyError::NotEmpty(table));
        }
    }
    let mut frames = FrameReader::begin(source).await?;
    for table in replicated() {
        frames.table(table.name).await?;
        let rows = client.copy_in::<_, Cursor<Vec<u8>>>(table.copy_in().as_str()).await?;
        pin_mut!(rows);
        loop {
            let bytes = frames.next().await?;
            if bytes.is_empty() {
                break;
            }
            rows.send(Cursor::new(bytes)).await?;
        }
        rows.finish().await?;
    }
    frames.end().await?;
    let head = client.query_opt(sql::CHAIN_HEAD, &[]).await?;
    let head = head.as_ref().map(ChainHead::from_row).transpose()?;
    let head = head.ok_or_else(|| StateCopyError::Malformed("a ledger with a block".to_owned()))?;
    // What counts is what stands in the tables now, not what the file says.
    let summary = write_state(client, head, &mut tokio::io::sink()).await?;
    same("the digest", &summary.digest, &expected.digest)?;
    same("the number of rows", &summary.row_count, &expected.row_count)?;
    same("the height", &head.height, &expected.height)?;
    same("the number of leaves", &head.tree_size, &expected.tree_size)?;
    let edge = edge_of(client).await?;
    same("the number of entries", &edge.size(), &expected.tree_size)?;
    for root in [head.root, edge.root()] {
        same(
            "the root",
            &Digest::from_bytes(*root.as_bytes()),
            &Digest::from_bytes(*expected.root.as_bytes()),
        )?;
    }
    Ok(summary)
}

fn same<T: PartialEq + Display>(what: &'static str, found: &T, expected: &T) -> Result<(), StateCopyError> {
    if found == expected {
        return Ok(());
    }
    Err(StateCopyError::Differs { what, found: found.to_string(), expected: expected.to_string() })
}

/// The tree that the entries give, whose hashes must be those beside them.
async fn edge_of(client: &Client) -> Result<TileEdge, StateCopyError> {
    let statement = client.prepare(sql::LEAVES).await?;
    let mut edge = TileEdge::new();
    let mut full_tiles = Vec::new();
    loop {
        let rows = client.query(&statement, &[&bigint_or_max(edge.size()), &ENTRIES_PER_PAGE]).await?;
        for row in &rows {
            let place = edge.size();
            let cells = Cells::new(row, "entry", &place);
            let hash = leaf_hash(cells.get::<&[u8]>("bytes")?);
            if cells.number("leaf_index")? != place {
                return Err(cells.damaged("leaf_index").into());
            }
            if cells.hash("leaf_hash")? != hash {
                return Err(cells.damaged("leaf_hash").into());
            }
            edge.push(hash, &mut full_tiles);
            full_tiles.clear();
        }
        if rows.is_empty() {
            return Ok(edge);
        }
    }
}
