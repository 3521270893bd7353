//! Statements: what one holder's money did in one settlement window, and why, from the records alone.

use crate::{Node, NodeError};
use databourse_primitives::{Holder, WindowId};
use databourse_statement::Statement;

impl Node {
    /// The statement of a party's funds, or of an exchange's fees, in `window`; `None` if there is no such holder or
    /// window.
    ///
    /// # Errors
    /// The database, or damage: records that do not explain what moved.
    pub async fn statement(
        &self,
        _holder: &Holder,
        _window: WindowId,
    ) -> Result<Option<Statement>, NodeError> {
        Ok(None)
    }
}
