//! `[settlement]`: banks, the exchange's own book, and holds that end.

use databourse_exchange::SettlementConfig;
use databourse_rails::{BankOffset, Directory, Iso20022, SettlementMethod};
use databourse_reconcile::book::ColumnMapping;
use serde::Deserialize;
use std::time::Duration;

/// What settling with other exchanges needs to know.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SettlementSection {
    /// Where each exchange's money is.
    pub(crate) banks: Directory,
    /// How far the bank's clock is ahead of UTC.
    pub(crate) bank_offset: BankOffset,
    /// How the banks settle payments between one another.
    pub(crate) settlement_method: SettlementMethod,
    /// How far the local time of statements is ahead of UTC, minutes.
    pub(crate) statement_utc_offset_minutes: i16,
    /// How often holds whose time is over are looked for, seconds; never, if zero.
    pub(crate) expiry_seconds: u32,
    /// How the exchange's own book names and writes things.
    pub(crate) book: ColumnMapping,
}

impl SettlementSection {
    /// As a node takes it.
    pub(crate) fn node(&self) -> SettlementConfig {
        SettlementConfig {
            directory: self.banks.clone(),
            iso20022: Iso20022 { offset: self.bank_offset, settlement_method: self.settlement_method },
            book: self.book.clone(),
            utc_offset_minutes: self.statement_utc_offset_minutes,
            expiry_period: Duration::from_secs(self.expiry_seconds.into()),
        }
    }
}
