//! Rails: how money moves between exchanges outside the ledger. The only crate that speaks the formats of banks and
//! wallets: ISO 20022 (`pacs.009` out, `camt.053` and `camt.054` in) and the CSV of e-CNY 数字人民币 wallets.
//! `docs/RAILS.md` is the profile: every element and column that is written or read.
//!
//! Bytes in, typed values out, and back. A file is taken whole or refused whole: one bad entry, one sum that does not
//! hold, and nothing of it is used. Unknown elements are skipped; what is used is strict, bounded and checked.
//!
//! Deliberately absent: network, clock (times are arguments), the ledger, and matching of lines with instructions.
//! No tolerance either: a difference is for whoever reconciles.

mod agent;
mod currency;
mod ecny;
mod iso20022;
mod line;
mod moment;
mod payment;
mod sheet;
mod xml;

pub use agent::{AccountNumber, Agent, Bic, Cnaps, Directory, WalletNumber};
pub use ecny::Ecny;
pub use iso20022::{Iso20022, SettlementMethod};
pub use line::{BankLine, Direction, LineStatus, Report};
pub use moment::BankOffset;
pub use payment::{MessageId, PaymentFile, PaymentInstruction, end_to_end_id, instruction_of, uetr};

use databourse_primitives::{Refusal, RefusalCode, Timestamp};
use std::borrow::Cow;

/// The largest file that is read, in bytes: 64 MiB.
pub const FILE_BYTES_MAX: usize = 64 << 20;

/// A way for money to move: files of instructions out, lines of an account in.
///
/// No method panics, whatever the bytes are. A file that cannot be read to its end is refused with `file.malformed`,
/// the path of the failing element or cell and what was expected there.
pub trait Rail {
    /// Its name in configuration and messages: `iso20022`, `ecny`.
    fn name(&self) -> &'static str;

    /// One payer's instructions as the file that goes to the payer's bank or wallet operator. The same arguments make
    /// the same bytes.
    ///
    /// # Errors
    /// `body.malformed` for no instructions, several payers or assets, one id twice, or an id of another asset;
    /// `asset.unknown` if the rail does not carry the asset; `amount.zero`; `exchange.unknown` if the directory does
    /// not have the payer or payee; `account.unknown` if it has none of their accounts on this rail.
    fn instructions(
        &self,
        instructions: &[PaymentInstruction],
        directory: &Directory,
        created_at: Timestamp,
        message_id: &MessageId,
    ) -> Result<PaymentFile, Refusal>;

    /// What [`Rail::instructions`] wrote, as the bank or wallet operator reads it: the directory turns accounts back
    /// into exchanges.
    ///
    /// # Errors
    /// `file.malformed`.
    fn read_instructions(
        &self,
        bytes: &[u8],
        directory: &Directory,
    ) -> Result<Vec<PaymentInstruction>, Refusal>;

    /// The lines of a statement or notification, in the order of the file.
    ///
    /// # Errors
    /// `file.malformed`.
    fn read(&self, bytes: &[u8]) -> Result<Vec<BankLine>, Refusal>;
}

/// `file.malformed` at `path`.
pub(crate) fn malformed(
    path: impl Into<Cow<'static, str>>,
    expected: impl Into<Cow<'static, str>>,
) -> Refusal {
    Refusal::new(RefusalCode::FileMalformed, path, expected)
}

/// The file as text, if it is one of a size that is read. A byte order mark is left out.
pub(crate) fn text_of(bytes: &[u8]) -> Result<&str, Refusal> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(malformed("", "at most 64 MiB"));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| malformed("", "text in UTF-8"))?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}
