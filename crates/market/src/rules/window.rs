//! Settlement windows between exchanges.

use super::money::{open_window, window_series};
use crate::{Halt, Head, view::Tx};
use databourse_primitives::{ExchangeCode, Refusal, RefusalCode};
use databourse_settlement::{self as settlement, CloseWindow};

/// Closes the open window of an asset; the next is open at once.
pub(super) fn close(tx: &mut Tx<'_>, _exchange: &ExchangeCode, command: &CloseWindow) -> Result<(), Halt> {
    let asset = command.window.asset;
    let open = open_window(tx, asset)?;
    if open.id != command.window {
        let expected = format!("the open window, {}", open.id);
        return Err(Refusal::new(RefusalCode::WindowNotOpen, "window", expected).into());
    }
    let (closed, next) = settlement::close(open, tx.now())?;
    tx.put(Head { name: window_series(asset), number: next.id.number });
    tx.put(closed);
    tx.put(next);
    Ok(())
}
