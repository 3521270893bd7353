//! ISO 20022: `pacs.009` out, `camt.053` and `camt.054` in.

mod amount;
mod camt;
mod entry;
mod pacs;
mod report;

use crate::{BankLine, BankOffset, Directory, MessageId, PaymentFile, PaymentInstruction, Rail, Report};
use databourse_primitives::{Refusal, Timestamp};
use serde::{Deserialize, Serialize};

/// What all namespaces of ISO 20022 messages begin with.
const NAMESPACE: &str = "urn:iso:std:iso:20022:tech:xsd:";

/// How the instructed payments are settled between the banks (`SttlmMtd`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SettlementMethod {
    /// `CLRG`: through a clearing system.
    Clearing,
    /// `INGA`: at the instructing agent, where payer and payee have accounts.
    InstructingAgent,
}

impl SettlementMethod {
    const fn code(self) -> &'static str {
        match self {
            Self::Clearing => "CLRG",
            Self::InstructingAgent => "INGA",
        }
    }
}

/// Bank files. `docs/RAILS.md` says which elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Iso20022 {
    /// The clock of the banks.
    pub offset: BankOffset,
    /// How payments are settled.
    pub settlement_method: SettlementMethod,
}

impl Iso20022 {
    /// A `camt.054.001.08` of the lines, as the account's bank would send it: for simulators and tests.
    ///
    /// # Errors
    /// `body.malformed` for a line of another account or asset, a reference of more than 35 characters, or a name that
    /// ISO 20022 cannot carry; `asset.unknown` if the asset is no currency.
    pub fn camt054(&self, report: &Report<'_>) -> Result<Vec<u8>, Refusal> {
        report::camt054(self.offset, report)
    }

    /// A `camt.053.001.08` of the lines, with the balance before them and the balance after those that are booked.
    /// Balances are in minor units; an overdraft is negative.
    ///
    /// # Errors
    /// As [`Iso20022::camt054`], and `amount.out_of_range` if a balance has more than 18 digits.
    pub fn camt053(&self, report: &Report<'_>, opening_minor: i64) -> Result<Vec<u8>, Refusal> {
        report::camt053(self.offset, report, opening_minor)
    }
}

impl Rail for Iso20022 {
    fn name(&self) -> &'static str {
        "iso20022"
    }

    fn instructions(
        &self,
        instructions: &[PaymentInstruction],
        directory: &Directory,
        created_at: Timestamp,
        message_id: &MessageId,
    ) -> Result<PaymentFile, Refusal> {
        pacs::write(self, instructions, directory, created_at, message_id)
    }

    fn read_instructions(
        &self,
        bytes: &[u8],
        directory: &Directory,
    ) -> Result<Vec<PaymentInstruction>, Refusal> {
        pacs::read(bytes, directory)
    }

    fn read(&self, bytes: &[u8]) -> Result<Vec<BankLine>, Refusal> {
        camt::read(self.offset, bytes)
    }
}
