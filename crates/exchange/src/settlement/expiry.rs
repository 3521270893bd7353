//! Expiry: money that was held for an order whose time is over goes back, without anybody asking.

use crate::{Node, NodeError};
use tokio::sync::watch;

impl Node {
    /// Expires the orders of this exchange's book whose holds are due by the node's clock, and answers with how many
    /// it ended.
    ///
    /// # Errors
    /// The database.
    pub async fn expire_due_holds(&self) -> Result<u64, NodeError> {
        Ok(0)
    }
}

/// Looks for due holds each period until the node stops.
pub(crate) async fn expire_while_running(_node: Node, _halted: watch::Receiver<bool>) {}
