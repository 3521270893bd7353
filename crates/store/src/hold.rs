//! Holds whose time is over.

use crate::{Store, StoreError, cell::Cells, sql};
use databourse_primitives::{HoldId, Timestamp};

impl Store {
    /// The pending holds that expired at or before `now`: at most `limit`, the longest overdue first. Holds of disputes
    /// have no such time and are not among them.
    ///
    /// # Errors
    /// `Damaged`, `Unavailable`.
    pub async fn due_holds(&self, now: Timestamp, limit: u32) -> Result<Vec<HoldId>, StoreError> {
        let rows = self.rows(sql::DUE_HOLDS, &[&now.to_string(), &i64::from(limit)]).await?;
        rows.iter().map(|row| Cells::new(row, "hold", &"due").parsed("name")).collect()
    }
}
