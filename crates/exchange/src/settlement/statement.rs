//! Statements: what one holder's money did in one settlement window, and why, from the records alone.
//!
//! The balance is the posted one: money that is held for an order counts as the holder's until it is paid, so there
//! are no lines of holds. What moved is taken from the journal, why it moved from the records of the entry that moved
//! it, and the two must agree entry by entry; the balances are read apart from both and must agree with them as well.
//!
//! | module | what it holds |
//! |---|---|
//! | `moves` | what moved on the holder's account, from the journal |
//! | `records` | the records that explain it |
//! | `event` | the money of a sale or refund |
//! | `lines` | the lines of one movement |
//! | `reasons` | the same for postings of any account and window |

mod event;
mod lines;
mod moves;
mod reasons;
mod records;

use crate::{Node, NodeError};
use databourse_party::{Exchange, Party};
use databourse_primitives::{BilingualText, Digest, ExchangeCode, Holder, Refusal, Timestamp, WindowId};
use databourse_settlement::{AccountId, Purpose, Window, WindowState};
use databourse_statement::{PairHead, Statement, StatementParts, WindowStage};
use moves::Moves;
pub use reasons::Reasons;
use records::Records;

/// How many movements are explained at once: what bounds the memory beside the statement itself.
const MOVES_AT_ONCE: usize = 500;

/// Whose statement it is.
struct Subject {
    holder: Holder,
    name: BilingualText,
    /// The exchange whose book holds the money.
    book: Exchange,
}

impl Subject {
    /// The account that the statement is of: a party's funds, an exchange's fees.
    fn account(&self, window: WindowId) -> AccountId {
        let purpose = match self.holder {
            Holder::Party(_) => Purpose::Funds,
            Holder::Exchange(_) => Purpose::Fees,
        };
        AccountId { holder: self.holder.clone(), purpose, asset: window.asset }
    }
}

impl Node {
    /// The statement of a party's funds, or of an exchange's fees, in `window`, as of the checkpoint that is shown;
    /// `None` if there is no such holder or window. Balances are posted ones, whatever of them is held.
    ///
    /// # Errors
    /// The database, or damage: records that do not explain what moved.
    pub async fn statement(&self, holder: &Holder, window: WindowId) -> Result<Option<Statement>, NodeError> {
        // First what is shown, then what is read: all that stands below its size is there then.
        let shown = self.published();
        let Some(window) = self.store().get::<Window>(&window.to_string()).await? else { return Ok(None) };
        let Some(subject) = self.subject(holder, &window).await? else { return Ok(None) };
        let account = subject.account(window.id);
        let moves = Moves::read(self.store(), &account, window.id, shown.size).await?;
        let opening_minor = self.store().account_balance_before(&account, &window.id).await?.posted_minor;
        let closing_minor = match (&window.state, moves.is_cut, moves.list.is_empty()) {
            (_, _, true) => opening_minor,
            (WindowState::Open, ..) | (_, true, _) => {
                self.store().balances_at(&account, shown.size).await?.posted_minor
            }
            _ => self.store().account_balance_before(&account, &next(window.id)).await?.posted_minor,
        };
        let mut lines = Vec::with_capacity(moves.list.len());
        let mut records = Records::default();
        for moves in moves.list.chunks(MOVES_AT_ONCE) {
            records.load(self.store(), window.id.asset, moves).await?;
            for movement in moves {
                lines.extend(lines::of(movement, &subject, &records)?);
            }
        }
        let parts = StatementParts {
            holder: subject.holder,
            holder_name: subject.name,
            heads: heads(&window, &subject.book.code)?,
            exchange: subject.book.code,
            exchange_name: subject.book.name,
            window: window.id,
            stage: stage(&window.state),
            opened_at: window.opened_at,
            closed_at: closed_at(&window.state),
            utc_offset_minutes: self.0.settlement.utc_offset_minutes,
            opening_minor,
            closing_minor,
            lines,
            ledger_size: shown.size,
            ledger_root: Digest::from_bytes(*shown.root.as_bytes()),
            notes: vec![basis()?],
        };
        let inconsistent = |found: databourse_statement::Inconsistent| NodeError::Damaged(found.to_string());
        Statement::new(parts).map(Some).map_err(inconsistent)
    }

    async fn subject(&self, holder: &Holder, window: &Window) -> Result<Option<Subject>, NodeError> {
        match holder {
            Holder::Exchange(code) => {
                let Some(book) = self.store().get::<Exchange>(code.as_str()).await? else { return Ok(None) };
                Ok(Some(Subject { holder: holder.clone(), name: book.name.clone(), book }))
            }
            Holder::Party(id) => {
                let Some(party) = self.store().get::<Party>(&id.to_string()).await? else { return Ok(None) };
                let book = self.book_of(&party, window).await?;
                Ok(Some(Subject { holder: holder.clone(), name: party.legal_name, book }))
            }
        }
    }
}

impl Node {
    /// The exchange in whose book a party's money was when `window` took its last postings: the one that certified the
    /// party, or, if that had departed by then, who succeeded it.
    async fn book_of(&self, party: &Party, window: &Window) -> Result<Exchange, NodeError> {
        let until = match window.state {
            WindowState::Open => None,
            _ => self.window_record(next(window.id)).await?.map(|next| next.opened_at),
        };
        let missing = || damaged(format!("party {} is of an exchange that is not there", party.id));
        let mut code = party.home_exchange.clone();
        loop {
            let book = self.store().get::<Exchange>(code.as_str()).await?.ok_or_else(missing)?;
            let Some((height, successor)) = book.departed() else { return Ok(book) };
            let departed_at = self.store().block(height).await?.ok_or_else(missing)?.time;
            if until.is_some_and(|until| until <= departed_at) {
                return Ok(book);
            }
            code = successor.clone();
        }
    }
}

const fn next(window: WindowId) -> WindowId {
    WindowId { asset: window.asset, number: window.number.saturating_add(1) }
}

const fn stage(state: &WindowState) -> WindowStage {
    match state {
        WindowState::Open => WindowStage::Open,
        WindowState::Closing { .. } => WindowStage::Closing,
        WindowState::Closed { .. } => WindowStage::Closed,
        WindowState::Settling { .. } => WindowStage::Settling,
        WindowState::Settled { .. } => WindowStage::Settled,
        WindowState::Aborted { .. } => WindowStage::Aborted,
    }
}

/// Since when the window is final; an aborted one never was.
const fn closed_at(state: &WindowState) -> Option<Timestamp> {
    match state {
        WindowState::Closed { closed_at, .. }
        | WindowState::Settling { closed_at, .. }
        | WindowState::Settled { closed_at, .. } => Some(*closed_at),
        WindowState::Open | WindowState::Closing { .. } | WindowState::Aborted { .. } => None,
    }
}

/// The roots that both exchanges of a pair signed, of the pairs that the book's exchange is in.
fn heads(window: &Window, book: &ExchangeCode) -> Result<Vec<PairHead>, NodeError> {
    let mut heads = Vec::new();
    for (pair, roots) in window.heads.iter().filter(|(pair, _)| pair.contains(book)) {
        let mut signed = pair.members().map(|member| roots.get(member));
        if let Some(Some(root)) = signed.next()
            && signed.all(|other| other == Some(root))
        {
            let name = if pair.is_domestic() {
                book.to_string()
            } else {
                format!("{}/{}", pair.left(), pair.right())
            };
            let pair = name.parse().map_err(|_| damaged(format!("pair {pair} has no name")))?;
            heads.push(PairHead { pair, root: *root });
        }
    }
    Ok(heads)
}

fn basis() -> Result<BilingualText, NodeError> {
    let zh = "余额为已入账余额：为订单冻结的金额在支付前仍计入持有人余额，冻结与解冻不单列。";
    let en = "Balances are posted ones: money held for an order counts as the holder's until it is paid, \
              so holds have no lines.";
    BilingualText::new(Some(zh), Some(en)).map_err(|error| damaged(error.to_string()))
}

fn damaged(what: impl Into<String>) -> NodeError {
    NodeError::Damaged(what.into())
}

/// An amount of the records leaves the range that it was in when it was recorded.
fn out_of_range(refusal: Refusal) -> NodeError {
    NodeError::Damaged(refusal.to_string())
}
