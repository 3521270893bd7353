//! One line of business, as any of the parties holds it.

use crate::key::BusinessKey;
use crate::word::{LineKind, LineStatus};
use databourse_primitives::{
    AMOUNT_MINOR_MAX, Asset, Label, Refusal, RefusalCode, ScheduleVersion, TaxVersion, Timestamp, WindowId,
};
use serde::{Deserialize, Serialize};

/// One line of business. Two books agree on a line if everything but [`occurred_at`](Self::occurred_at) is equal.
///
/// **Sign rule.** Amounts are what the line adds to a running total of its counterparty: a sale, a fee and a deposit
/// are never negative, a refund and a withdrawal never positive, and the four amounts never have opposite signs. So the
/// sum of any set of lines is what remains after refunds, with no rule about kinds.
///
/// `occurred_at` is not compared and not hashed: every party has a clock of its own. What the parties agree on is the
/// window. The time serves people and the rules for lines without a key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettlementLine {
    /// Name of the business, the same in every book. `None` in a book that does not keep it, e.g. for a daily total.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<BusinessKey>,
    /// What kind of business it is.
    pub kind: LineKind,
    /// The other party: a party id or the code of an exchange.
    pub counterparty: Label,
    /// The unit of the amounts.
    pub asset: Asset,
    /// Price without tax, in minor units, by the sign rule.
    pub net_minor: i64,
    /// Value-added tax on the price, in minor units.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub vat_minor: i64,
    /// The exchange's fee, in minor units; taken out of the seller's part, not on top of the price.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub fee_minor: i64,
    /// Value-added tax on the fee, in minor units.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub fee_vat_minor: i64,
    /// The fee schedule that priced it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<ScheduleVersion>,
    /// The tax table that taxed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax: Option<TaxVersion>,
    /// The window that it belongs to.
    pub window: WindowId,
    /// How far it has come.
    pub status: LineStatus,
    /// The sale that a refund gives back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original: Option<BusinessKey>,
    /// When it happened by the holder's clock.
    pub occurred_at: Timestamp,
}

fn is_zero(amount_minor: &i64) -> bool {
    *amount_minor == 0
}

impl SettlementLine {
    /// What the counterparty pays or gets back, tax included: net and its tax, in minor units.
    pub fn amount_minor(&self) -> i128 {
        i128::from(self.net_minor) + i128::from(self.vat_minor)
    }

    /// Net, tax, fee, tax on the fee: the amounts that two books must share.
    pub const fn amounts_minor(&self) -> [i64; 4] {
        [self.net_minor, self.vat_minor, self.fee_minor, self.fee_vat_minor]
    }

    /// Holds the amounts against the range and the sign rule.
    ///
    /// # Errors
    /// `amount.out_of_range` at the first amount that breaks them.
    pub fn check(&self) -> Result<(), Refusal> {
        const FIELDS: [&str; 4] = ["net_minor", "vat_minor", "fee_minor", "fee_vat_minor"];
        let amounts = self.amounts_minor();
        let downward = match self.kind {
            LineKind::Sale | LineKind::Fee | LineKind::Deposit => false,
            LineKind::Refund | LineKind::Withdrawal => true,
            LineKind::Settlement => amounts.iter().any(|amount| *amount < 0),
        };
        let (range, expected) = if downward {
            (
                -AMOUNT_MINOR_MAX..=0,
                "-9007199254740991 to 0 minor units, as the kind and the other amounts have it",
            )
        } else {
            (0..=AMOUNT_MINOR_MAX, "0 to 9007199254740991 minor units, as the kind has it")
        };
        for (field, amount) in FIELDS.into_iter().zip(amounts) {
            if !range.contains(&amount) {
                return Err(Refusal::new(RefusalCode::AmountOutOfRange, field, expected));
            }
        }
        Ok(())
    }

    /// The bytes that are hashed: everything that two books must agree on.
    ///
    /// `01`, the version of this form; then key, kind, counterparty and asset as texts; the four amounts; schedule,
    /// tax, window, status and original as texts. A text is its length in two bytes and its UTF-8; what is absent is
    /// the empty text. An amount is eight bytes, two's complement. All numbers are big-endian.
    pub fn encoding(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(256);
        bytes.push(1);
        put(&mut bytes, self.key.as_ref().map_or("", BusinessKey::as_str));
        put(&mut bytes, self.kind.as_str());
        put(&mut bytes, self.counterparty.as_str());
        put(&mut bytes, &self.asset.to_string());
        for amount in self.amounts_minor() {
            bytes.extend(amount.to_be_bytes());
        }
        put(&mut bytes, &self.schedule.map(|version| version.to_string()).unwrap_or_default());
        put(&mut bytes, &self.tax.map(|version| version.to_string()).unwrap_or_default());
        put(&mut bytes, &self.window.to_string());
        put(&mut bytes, self.status.as_str());
        put(&mut bytes, self.original.as_ref().map_or("", BusinessKey::as_str));
        bytes
    }

    /// Its place in a window's order: counterparty, then key. `00` ends each, and neither can hold that byte, so no
    /// place is the beginning of another and bytes sort as the two texts do. A line without a key comes first.
    pub(crate) fn position(&self) -> Vec<u8> {
        position(&self.counterparty, self.key.as_ref())
    }
}

/// See [`SettlementLine::position`].
pub(crate) fn position(counterparty: &Label, key: Option<&BusinessKey>) -> Vec<u8> {
    let (counterparty, key) = (counterparty.as_str(), key.map_or("", BusinessKey::as_str));
    let mut bytes = Vec::with_capacity(counterparty.len() + key.len() + 2);
    bytes.extend_from_slice(counterparty.as_bytes());
    bytes.push(0);
    bytes.extend_from_slice(key.as_bytes());
    bytes.push(0);
    bytes
}

fn put(bytes: &mut Vec<u8>, text: &str) {
    // No text of a line is longer than 128 bytes.
    bytes.extend(u16::try_from(text.len()).unwrap_or(u16::MAX).to_be_bytes());
    bytes.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A sale of `net_minor` with 6 % tax, 2.5 % fee and 6 % on the fee, rounded half up.
    pub(crate) fn sale(counterparty: &str, key: &str, net_minor: i64) -> SettlementLine {
        let fee_minor = (net_minor * 25 + 500) / 1000;
        SettlementLine {
            key: Some(key.parse().unwrap()),
            kind: LineKind::Sale,
            counterparty: counterparty.parse().unwrap(),
            asset: "CNY/2".parse().unwrap(),
            net_minor,
            vat_minor: (net_minor * 6 + 50) / 100,
            fee_minor,
            fee_vat_minor: (fee_minor * 6 + 50) / 100,
            schedule: Some("CNY/2@1".parse().unwrap()),
            tax: Some(TaxVersion(1)),
            window: "CNY/2#7".parse().unwrap(),
            status: LineStatus::Final,
            original: None,
            occurred_at: "2026-11-22T02:00:00Z".parse().unwrap(),
        }
    }

    /// A refund of the whole of `sale`.
    pub(crate) fn refund(sale: &SettlementLine, key: &str) -> SettlementLine {
        SettlementLine {
            key: Some(key.parse().unwrap()),
            kind: LineKind::Refund,
            net_minor: -sale.net_minor,
            vat_minor: -sale.vat_minor,
            fee_minor: -sale.fee_minor,
            fee_vat_minor: -sale.fee_vat_minor,
            original: sale.key.clone(),
            ..sale.clone()
        }
    }

    #[test]
    fn amounts_have_the_sign_of_their_kind() {
        let sold = sale("b", "1/sale", 1000);
        assert!(sold.check().is_ok() && refund(&sold, "1/refund").check().is_ok());
        for (kind, net_minor, vat_minor, field) in [
            (LineKind::Sale, -1, 0, "net_minor"),
            (LineKind::Refund, -1, 1, "vat_minor"),
            (LineKind::Settlement, 5, -1, "net_minor"),
            (LineKind::Withdrawal, 1, 0, "net_minor"),
            (LineKind::Deposit, AMOUNT_MINOR_MAX + 1, 0, "net_minor"),
        ] {
            let line =
                SettlementLine { kind, net_minor, vat_minor, fee_minor: 0, fee_vat_minor: 0, ..sold.clone() };
            let refusal = line.check().unwrap_err();
            assert_eq!((refusal.code, &*refusal.field), (RefusalCode::AmountOutOfRange, field), "{kind:?}");
        }
    }

    #[test]
    fn every_agreed_field_changes_the_encoding_and_the_time_does_not() {
        let line = sale("b", "1/sale", 1000);
        let changed: Vec<SettlementLine> = vec![
            SettlementLine { key: None, ..line.clone() },
            SettlementLine { kind: LineKind::Fee, ..line.clone() },
            SettlementLine { counterparty: "c".parse().unwrap(), ..line.clone() },
            SettlementLine { asset: "USD/2".parse().unwrap(), ..line.clone() },
            SettlementLine { net_minor: 1001, ..line.clone() },
            SettlementLine { vat_minor: 61, ..line.clone() },
            SettlementLine { fee_minor: 26, ..line.clone() },
            SettlementLine { fee_vat_minor: 3, ..line.clone() },
            SettlementLine { schedule: None, ..line.clone() },
            SettlementLine { tax: None, ..line.clone() },
            SettlementLine { window: "CNY/2#8".parse().unwrap(), ..line.clone() },
            SettlementLine { status: LineStatus::Pending, ..line.clone() },
            SettlementLine { original: line.key.clone(), ..line.clone() },
        ];
        let all: std::collections::BTreeSet<_> =
            changed.iter().chain([&line]).map(SettlementLine::encoding).collect();
        assert_eq!(all.len(), changed.len() + 1);
        assert_eq!(
            SettlementLine { occurred_at: Timestamp::EPOCH, ..line.clone() }.encoding(),
            line.encoding()
        );
    }
}
