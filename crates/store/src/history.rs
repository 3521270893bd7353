//! What happened to a product, entry by entry.

use crate::{
    Store, StoreError,
    cell::{Cells, bigint_or_max},
    sql,
};
use databourse_primitives::{LeafIndex, ProductId, Timestamp};

/// An entry about a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductEntry {
    /// Where it stands.
    pub leaf_index: LeafIndex,
    /// The block's time.
    pub time: Timestamp,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Store {
    /// At most `count` entries that listed, revised, paused, resumed or delisted a product, the latest first; only those
    /// that stand before the place `before`.
    ///
    /// # Errors
    /// `Damaged`, `Unavailable`.
    pub async fn product_entries(
        &self,
        product: ProductId,
        before: LeafIndex,
        count: u32,
    ) -> Result<Vec<ProductEntry>, StoreError> {
        let (product, before) = (product.to_string(), bigint_or_max(before.0));
        let rows = self.rows(sql::PRODUCT_ENTRIES, &[&product, &before, &i64::from(count)]).await?;
        let entries = rows.iter().map(|row| {
            let leaf_index = Cells::new(row, "entry", &"?").number("leaf_index")?;
            let cells = Cells::new(row, "entry", &leaf_index);
            Ok(ProductEntry {
                leaf_index: LeafIndex(leaf_index),
                time: cells.time("time_ms")?,
                bytes: cells.get("bytes")?,
            })
        });
        entries.collect()
    }
}
