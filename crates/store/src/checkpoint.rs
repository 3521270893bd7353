//! Final checkpoints: those that more than two thirds of the exchanges have cosigned.

use crate::{
    BlockRow, Store, StoreError,
    cell::{Cells, bigint, bigint_or_max},
    session::{READ_LIMIT, within},
    sql,
    store::{begin_write, rows},
};
use databourse_ledger::{NOTE_SIGNATURES_MAX, SignedCheckpoint};
use databourse_primitives::{Height, TreeSize};
use tokio_postgres::{Row, types::ToSql};

/// A final checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinalCheckpoint {
    /// The block that ends where it ends.
    pub height: Height,
    /// Size and root, with the cosignatures. That they are enough is for the caller to say.
    pub signed: SignedCheckpoint,
}

impl FinalCheckpoint {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let size = Cells::new(row, "final_checkpoint", &"?").number("tree_size")?;
        let cells = Cells::new(row, "final_checkpoint", &size);
        let note: &str = cells.get("note")?;
        let signed = SignedCheckpoint::parse(note.as_bytes()).map_err(|_| cells.damaged("note"))?;
        if (signed.checkpoint.size.0, signed.checkpoint.root) != (size, cells.hash("root")?) {
            return Err(cells.damaged("note"));
        }
        Ok(Self { height: Height(cells.number("height")?), signed })
    }
}

impl Store {
    /// Keeps a final checkpoint: it is durable when this returns. Of each block the first one stands, so another with
    /// other cosignatures changes nothing. The writing session is not needed.
    ///
    /// # Errors
    /// `Forked` if size or root are not those of the block here; `BlockUnknown` if the block is not here; `OutOfRange`;
    /// `ReadOnly`; `Unavailable`.
    pub async fn save_final_checkpoint(&self, checkpoint: &FinalCheckpoint) -> Result<(), StoreError> {
        let (size, root) = (checkpoint.signed.checkpoint.size.0, checkpoint.signed.checkpoint.root);
        let (height, tree_size, note) =
            (bigint(checkpoint.height.0)?, bigint(size)?, checkpoint.signed.to_string());
        let saved = within(READ_LIMIT, async {
            let mut client = self.connection().await?;
            let tx = begin_write(&mut client).await?;
            let statement = tx.prepare_cached(sql::INSERT_FINAL_CHECKPOINT).await?;
            let columns: [&(dyn ToSql + Sync); 4] = [&height, &tree_size, &root.as_ref(), &note];
            let written = tx.execute(&statement, &columns).await?;
            // None was written: there is one already, or the block is another or not there.
            let block =
                if written == 1 { Vec::new() } else { rows(&tx, sql::BLOCKS, &[&height, &1_i64]).await? };
            tx.commit().await?;
            Ok((written == 1, block))
        });
        let (is_new, blocks) = saved.await?;
        if is_new {
            return Ok(());
        }
        let block = blocks.first().map(BlockRow::from_row).transpose()?;
        match block.filter(|block| block.height == checkpoint.height) {
            None => Err(StoreError::BlockUnknown(checkpoint.height)),
            Some(block) if (block.tree_size, block.root) == (size, root) => Ok(()),
            Some(block) => Err(StoreError::Forked { height: block.height, tree_size: size }),
        }
    }

    /// Adds lines that came after a final checkpoint was kept, such as those of witnesses outside the region, and keeps it if
    /// it is not yet: they are durable when this returns. A line that is there stays, so of each key the first one stands.
    ///
    /// # Errors
    /// As [`Store::save_final_checkpoint`]; `Forked` also for a checkpoint of another origin; `Damaged`.
    pub async fn extend_final_checkpoint(&self, checkpoint: &FinalCheckpoint) -> Result<(), StoreError> {
        self.save_final_checkpoint(checkpoint).await?;
        let FinalCheckpoint { height, signed } = checkpoint;
        let tree_size = bigint(signed.checkpoint.size.0)?;
        let extended = within(READ_LIMIT, async {
            let mut client = self.connection().await?;
            let tx = begin_write(&mut client).await?;
            let found = rows(&tx, sql::FINAL_CHECKPOINT_LOCKED, &[&tree_size]).await?;
            let Some(kept) = found.first().map(FinalCheckpoint::from_row).transpose()? else { return Ok(()) };
            if kept.signed.checkpoint != signed.checkpoint {
                return Err(StoreError::Forked { height: *height, tree_size: signed.checkpoint.size.0 });
            }
            if let Some(merged) = merged(&kept.signed, signed) {
                let statement = tx.prepare_cached(sql::EXTEND_FINAL_CHECKPOINT).await?;
                tx.execute(&statement, &[&tree_size, &merged.to_string()]).await?;
            }
            Ok(tx.commit().await?)
        });
        extended.await
    }

    /// The last final checkpoint: the one of the largest tree.
    ///
    /// # Errors
    /// `Damaged`, `Unavailable`.
    pub async fn final_checkpoint(&self) -> Result<Option<FinalCheckpoint>, StoreError> {
        let rows = self.rows(sql::LAST_FINAL_CHECKPOINT, &[]).await?;
        rows.first().map(FinalCheckpoint::from_row).transpose()
    }

    /// The first final checkpoint over `size` leaves or more; `None` if there is none yet.
    ///
    /// # Errors
    /// `Damaged`, `Unavailable`.
    pub async fn final_checkpoint_covering(
        &self,
        size: TreeSize,
    ) -> Result<Option<FinalCheckpoint>, StoreError> {
        let rows = self.rows(sql::FINAL_CHECKPOINT_COVERING, &[&bigint_or_max(size.0)]).await?;
        rows.first().map(FinalCheckpoint::from_row).transpose()
    }
}

/// `kept` with the lines of `other` by keys that it has no line of, in their order behind its own; `None` if there are none,
/// or a note has no room for them.
fn merged(kept: &SignedCheckpoint, other: &SignedCheckpoint) -> Option<SignedCheckpoint> {
    let mut merged = kept.clone();
    for line in &other.signatures {
        let is_there =
            merged.signatures.iter().any(|one| (one.key_id, &one.name) == (line.key_id, &line.name));
        if !is_there && merged.signatures.len() < NOTE_SIGNATURES_MAX {
            merged.signatures.push(line.clone());
        }
    }
    (merged != *kept).then_some(merged)
}
