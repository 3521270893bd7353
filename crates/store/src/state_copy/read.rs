//! A state out of a stream, into an empty database.

use super::{
    StateCopyError, StateSummary,
    frames::FrameReader,
    tables::{OF_BLOCKS, replicated},
    write::write_state,
};
use crate::{
    Agreement, ChainHead, Store, StoreError,
    cell::{Cells, bigint_or_max},
    session::{self, Purpose, WRITER_LOCK},
    sql,
};
use databourse_market::{Noun, Record};
use databourse_merkle::{Hash, TileEdge, leaf_hash};
use databourse_primitives::{Digest, Height};
use futures::SinkExt as _;
use std::{fmt::Display, io::Cursor, pin::pin};
use tokio::io::AsyncRead;
use tokio_postgres::{Client, Config};

/// How many entries are hashed, or agreements looked at, at a time.
const ROWS_PER_PAGE: i64 = 500;

/// Says whether a block was agreed as it is written: the region's exchanges (records of `Noun::Exchange`), the block's
/// height and name, and how it was agreed.
pub type AgreementCheck<'a> = &'a (dyn Fn(&[Record], Height, Digest, &Agreement) -> bool + Sync);

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
    /// the leaf hashes and the root. How blocks were agreed is not under the digest: `agreed` says it of each block, and is
    /// left out for a ledger that one node keeps alone. Nobody else can write the database meanwhile.
    ///
    /// # Errors
    /// `NotEmpty`, `Malformed`, `Stream` (also for a file that was cut off), `Differs`; `Store` with `LockedByAnother`,
    /// `Refused` for rows that the tables do not take, and others. Nothing is kept after any of them.
    pub async fn read_state(
        config: Config,
        source: &mut (impl AsyncRead + Unpin),
        expected: &ExpectedState,
        agreed: Option<AgreementCheck<'_>>,
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
        let filled = fill(&client, source, expected, agreed).await;
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
    agreed: Option<AgreementCheck<'_>>,
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
        let mut rows = pin!(client.copy_in::<_, Cursor<Vec<u8>>>(table.copy_in().as_str()).await?);
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
    if let Some(agreed) = agreed {
        check_agreements(client, agreed).await?;
    }
    Ok(summary)
}

/// Asks of every block whether it was agreed as it is written.
async fn check_agreements(client: &Client, agreed: AgreementCheck<'_>) -> Result<(), StateCopyError> {
    let noun = Noun::Exchange;
    let rows =
        client.query(&format!("SELECT name, record::text AS record FROM {}", noun.as_str()), &[]).await?;
    let mut exchanges = Vec::new();
    for row in &rows {
        let cells = Cells::new(row, noun.as_str(), &"?");
        let record = Record::from_json(noun, cells.get("record")?);
        exchanges.push(record.map_err(|_| cells.damaged("record"))?);
    }
    let statement = client.prepare(sql::AGREEMENTS).await?;
    let mut last: i64 = 0;
    loop {
        let rows = client.query(&statement, &[&last, &ROWS_PER_PAGE]).await?;
        for row in &rows {
            let height = Cells::new(row, "block", &"?").number("height")?;
            let cells = Cells::new(row, "block_agreement", &height);
            let agreement = Agreement::from_cells(&cells)?;
            if !agreed(&exchanges, Height(height), cells.digest("block_id")?, &agreement) {
                let expected = format!("precommits of more than two thirds under block {height}");
                return Err(StateCopyError::Malformed(expected));
            }
            last = bigint_or_max(height);
        }
        if rows.is_empty() {
            return Ok(());
        }
    }
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
        let rows = client.query(&statement, &[&bigint_or_max(edge.size()), &ROWS_PER_PAGE]).await?;
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
