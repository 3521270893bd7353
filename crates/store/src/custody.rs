//! Keys that this node keeps for parties that entrusted it. They come sealed; this crate never sees one open.

use crate::{
    Store, StoreError,
    cell::Cells,
    session::{READ_LIMIT, within},
    sql,
    store::{begin_write, rows},
};
use databourse_primitives::{KeyId, PartyId};
use std::fmt;

/// A sealed key.
#[derive(Clone, PartialEq, Eq)]
pub struct CustodyKey {
    /// Its name.
    pub key_id: KeyId,
    /// The key under the node's own seal.
    pub sealed: Vec<u8>,
}

impl fmt::Debug for CustodyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CustodyKey").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

impl Store {
    /// Keeps a party's sealed key. Keeping the same key again changes nothing.
    ///
    /// # Errors
    /// `CustodyKeyExists` if another is kept for this party; `Refused` if the same key is kept for another party;
    /// `ReadOnly`; `Unavailable`.
    pub async fn put_custody_key(
        &self,
        party: PartyId,
        key_id: KeyId,
        sealed: &[u8],
    ) -> Result<(), StoreError> {
        let kept = within(READ_LIMIT, async {
            let mut client = self.connection().await?;
            let tx = begin_write(&mut client).await?;
            let statement = tx.prepare_cached(sql::INSERT_CUSTODY_KEY).await?;
            let written = tx.execute(&statement, &[party.as_uuid(), &key_id.to_string(), &sealed]).await?;
            let kept = if written == 1 {
                None
            } else {
                custody_key(&rows(&tx, sql::CUSTODY_KEY, &[party.as_uuid()]).await?, party)?
            };
            tx.commit().await?;
            Ok(kept)
        });
        match kept.await? {
            Some(kept) if kept.key_id != key_id => Err(StoreError::CustodyKeyExists),
            _ => Ok(()),
        }
    }

    /// Drops the sealed key `key_id` that was kept for a party and is retired. One that is kept instead of it by now stays.
    ///
    /// # Errors
    /// `ReadOnly`, `Unavailable`.
    pub async fn drop_custody_key(&self, party: PartyId, key_id: KeyId) -> Result<(), StoreError> {
        let dropped = within(READ_LIMIT, async {
            let mut client = self.connection().await?;
            let tx = begin_write(&mut client).await?;
            let statement = tx.prepare_cached(sql::DELETE_CUSTODY_KEY).await?;
            tx.execute(&statement, &[party.as_uuid(), &key_id.to_string()]).await?;
            Ok(tx.commit().await?)
        });
        dropped.await
    }

    /// The sealed key that is kept for a party.
    ///
    /// # Errors
    /// `Damaged`, `Unavailable`.
    pub async fn custody_key(&self, party: PartyId) -> Result<Option<CustodyKey>, StoreError> {
        custody_key(&self.rows(sql::CUSTODY_KEY, &[party.as_uuid()]).await?, party)
    }
}

fn custody_key(rows: &[tokio_postgres::Row], party: PartyId) -> Result<Option<CustodyKey>, StoreError> {
    let Some(row) = rows.first() else { return Ok(None) };
    let cells = Cells::new(row, "custody_key", &party);
    Ok(Some(CustodyKey { key_id: cells.parsed("key_id")?, sealed: cells.get("sealed")? }))
}
