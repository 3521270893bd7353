//! The end of the walk: what belongs to no single block.

use super::{Ledger, Walk};
use crate::{FsckError, bytes, cell};
use databourse_audit::{Cell, Difference, ExpectedRow, FoundRow, Place, RowKey, TableComparison};
use databourse_merkle::Hash;
use databourse_primitives::Digest;
use databourse_store::fsck::TableKind;
use std::collections::BTreeMap;

impl Walk<'_> {
    pub(crate) async fn finish(mut self) -> Result<Ledger, FsckError> {
        let root = self.tree.root();
        let head = self.head().await?;
        let head_root = head.as_ref().and_then(|row| bytes(row, "root"));
        let is_head = |root: Hash| head_root.as_deref() == Some(root.as_bytes().as_slice());
        for index in std::mem::take(&mut self.unlike) {
            // Whichever of the two gives the head's root is the one that was written.
            let (bytes_hold, hash_holds) = (is_head(root), is_head(self.beside.root()));
            for (column, expected) in
                [("bytes", "what gives the hash beside it"), ("leaf_hash", "the hash of the bytes")]
            {
                let is_wrong = if column == "bytes" { !bytes_hold } else { !hash_holds };
                if is_wrong {
                    let place = Place::cell("entry", index, column);
                    self.differences.push(Difference::invalid(place, expected).of(Some(index)));
                }
            }
        }
        self.compare_tiles().await?;
        self.compare_counts().await?;
        if let Some(row) = &head {
            match self.last.clone().filter(|_| !self.has_ended()) {
                Some(mut expected) => {
                    expected.cells.insert("is_only", Cell::Text("true".to_owned()));
                    expected.key = RowKey::text(cell(row, "is_only").unwrap_or_default());
                    self.compare("chain_head", expected, row);
                }
                None => {
                    if !is_head(root) {
                        let place = Place::cell("chain_head", "true", "root");
                        self.differences.push(Difference::invalid(place, "the root over the entries"));
                    }
                }
            }
        } else if let Some(last) = self.last.clone() {
            let comparison = TableComparison::new("chain_head", [last]);
            self.differences.extend(comparison.finish());
        }
        let last = self.blocks.iter().next_back().map(|(size, block)| (block.height, *size));
        let has_ended = self.has_ended();
        let replay = std::mem::take(&mut self.replay);
        Ok(Ledger {
            replay,
            tree: self.tree,
            blocks: self.blocks,
            block_ids: self.block_ids,
            writers: self.writers,
            head: last,
            has_ended,
            differences: self.differences,
            row_count: self.row_count,
        })
    }

    /// The one row of the head; others cannot be there.
    async fn head(&mut self) -> Result<Option<FoundRow>, FsckError> {
        let Some(mut rows) = self.tables.open(self.scan, TableKind::ChainHead).await? else {
            return Ok(None);
        };
        let head = rows.next(self.scan).await?;
        self.row_count += u64::from(head.is_some());
        rows.close(self.scan).await?;
        Ok(head)
    }

    async fn compare_tiles(&mut self) -> Result<(), FsckError> {
        let Some(mut rows) = self.tables.open(self.scan, TableKind::Tile).await? else { return Ok(()) };
        let expected =
            std::mem::take(&mut self.tiles).into_iter().map(|((level, index), digest)| ExpectedRow {
                key: RowKey::numbers([u64::from(level), index]),
                cells: BTreeMap::from([
                    ("level", Cell::Text(level.to_string())),
                    ("tile_index", Cell::Text(index.to_string())),
                    ("hashes", Cell::Text(format!("of digest {digest}"))),
                ]),
                entry: None,
            });
        let mut comparison = TableComparison::new("tile", expected);
        while let Some(mut row) = rows.next(self.scan).await? {
            self.row_count += 1;
            for (_, value) in row.cells.iter_mut().filter(|(name, _)| name == "hashes") {
                *value = value.take().map(|text| format!("of digest {}", Digest::of(text.as_bytes())));
            }
            // What lies behind a missing entry cannot be judged.
            if !self.is_broken {
                comparison.found(&row);
            }
        }
        if !self.is_broken {
            self.differences.extend(comparison.finish());
        }
        rows.close(self.scan).await
    }

    async fn compare_counts(&mut self) -> Result<(), FsckError> {
        let Some(mut rows) = self.tables.open(self.scan, TableKind::EntryCount).await? else { return Ok(()) };
        let expected = std::mem::take(&mut self.types).into_iter().map(|(entry_type, count)| ExpectedRow {
            key: RowKey::text(entry_type.clone()),
            cells: BTreeMap::from([
                ("entry_type", Cell::Text(entry_type)),
                ("entry_count", Cell::Text(count.to_string())),
            ]),
            entry: None,
        });
        let mut comparison = TableComparison::new("entry_count", expected);
        while let Some(row) = rows.next(self.scan).await? {
            self.row_count += 1;
            comparison.found(&row);
        }
        if !self.has_ended() {
            self.differences.extend(comparison.finish());
        }
        rows.close(self.scan).await
    }
}
