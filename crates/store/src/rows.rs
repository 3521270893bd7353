//! A batch as the arrays that its statements take: one array per column, one element per row.

use crate::{CommitBatch, StoreError, agreement::AgreementColumns, cell::bigint};
use databourse_market::{EncodedEffects, Noun};
use databourse_merkle::FullTile;
use databourse_settlement::Side;
use std::collections::BTreeMap;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

/// The columns of a batch, by table.
pub(crate) struct Rows<'a> {
    pub(crate) height: i64,
    pub(crate) previous_height: i64,
    pub(crate) header_index: i64,
    pub(crate) tree_size: i64,
    pub(crate) agreement: AgreementColumns<'a>,
    pub(crate) entries: EntryColumns<'a>,
    /// Entry types and how many entries of each.
    pub(crate) entry_counts: (Vec<&'a str>, Vec<i64>),
    pub(crate) tiles: TileColumns,
    /// By kind: names in order and JSON.
    pub(crate) records: BTreeMap<Noun, (Vec<&'a str>, Vec<&'a str>)>,
    pub(crate) postings: PostingColumns<'a>,
}

/// Columns of `entry`, without the places: these follow from the first.
#[derive(Default)]
pub(crate) struct EntryColumns<'a> {
    pub(crate) ids: Vec<Uuid>,
    pub(crate) types: Vec<&'a str>,
    pub(crate) bytes: Vec<&'a [u8]>,
    pub(crate) hashes: Vec<&'a [u8]>,
}

/// Columns of `tile`.
pub(crate) struct TileColumns {
    pub(crate) levels: Vec<i16>,
    pub(crate) indexes: Vec<i64>,
    pub(crate) bodies: Vec<Vec<u8>>,
}

/// Columns of `posting`.
#[derive(Default)]
pub(crate) struct PostingColumns<'a> {
    leaf_indexes: Vec<i64>,
    transaction_nos: Vec<i32>,
    legs: Vec<i32>,
    pub(crate) accounts: Vec<String>,
    sides: Vec<&'a str>,
    amounts: Vec<i64>,
    assets: Vec<String>,
    kinds: Vec<&'a str>,
    windows: Vec<String>,
    pending: Vec<i64>,
}

impl<'a> Rows<'a> {
    pub(crate) fn of(batch: &'a CommitBatch) -> Result<Self, StoreError> {
        let mut entries = EntryColumns::default();
        let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
        for entry in &batch.entries {
            entries.ids.push(*entry.id.as_uuid());
            entries.types.push(&entry.entry_type);
            entries.bytes.push(&entry.bytes);
            entries.hashes.push(entry.leaf_hash.as_ref());
            *counts.entry(&entry.entry_type).or_default() += 1;
        }
        let mut records: BTreeMap<Noun, (Vec<&str>, Vec<&str>)> = BTreeMap::new();
        for row in &batch.effects.rows {
            let (names, texts) = records.entry(row.noun).or_default();
            if names.last().is_some_and(|last| **last >= *row.name) {
                return Err(StoreError::BatchMalformed("records stand in order of kind and name, each once"));
            }
            names.push(&row.name);
            texts.push(&row.json);
        }
        Ok(Self {
            height: bigint(batch.height.0)?,
            previous_height: bigint(batch.height.0.saturating_sub(1))?,
            header_index: bigint(batch.header_index.0)?,
            tree_size: bigint(batch.tree_size)?,
            agreement: AgreementColumns::of(&batch.agreement)?,
            entries,
            entry_counts: counts.into_iter().unzip(),
            tiles: TileColumns::of(&batch.full_tiles)?,
            records,
            postings: PostingColumns::of(&batch.effects)?,
        })
    }
}

impl TileColumns {
    fn of(tiles: &[FullTile]) -> Result<Self, StoreError> {
        Ok(Self {
            levels: tiles.iter().map(|tile| i16::from(tile.level)).collect(),
            indexes: tiles.iter().map(|tile| bigint(tile.index)).collect::<Result<_, _>>()?,
            bodies: tiles.iter().map(FullTile::to_bytes).collect(),
        })
    }
}

impl<'a> PostingColumns<'a> {
    fn of(effects: &EncodedEffects) -> Result<Self, StoreError> {
        const TOO_MANY: StoreError =
            StoreError::BatchMalformed("more transactions or legs than a column counts");
        let mut columns = Self::default();
        let mut last_leaf = None;
        let mut transaction_no: i32 = 0;
        for transaction in &effects.transactions {
            // Transactions of one entry stand together and are numbered from 0.
            transaction_no = match last_leaf.replace(transaction.leaf_index) {
                Some(last) if last == transaction.leaf_index => {
                    transaction_no.checked_add(1).ok_or(TOO_MANY)?
                }
                _ => 0,
            };
            let leaf_index = bigint(transaction.leaf_index.0)?;
            for (leg, posting) in transaction.postings.iter().enumerate() {
                columns.leaf_indexes.push(leaf_index);
                columns.transaction_nos.push(transaction_no);
                columns.legs.push(i32::try_from(leg).map_err(|_| TOO_MANY)?);
                columns.accounts.push(posting.account.to_string());
                columns.sides.push(match posting.side {
                    Side::Debit => "debit",
                    Side::Credit => "credit",
                });
                columns.amounts.push(posting.amount_minor.get());
                columns.assets.push(posting.account.asset.to_string());
                columns.kinds.push(transaction.kind.as_str());
                columns.windows.push(transaction.window.to_string());
                columns.pending.push(posting.pending_minor);
            }
        }
        Ok(columns)
    }

    /// The parameters of the statement, in order.
    pub(crate) fn columns(&self) -> Vec<&(dyn ToSql + Sync)> {
        vec![
            &self.leaf_indexes,
            &self.transaction_nos,
            &self.legs,
            &self.accounts,
            &self.sides,
            &self.amounts,
            &self.assets,
            &self.kinds,
            &self.windows,
            &self.pending,
        ]
    }
}
