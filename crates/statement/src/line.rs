//! One line of a statement: one reason why money moved, with the parts that its amount follows from.

use crate::words::{Words, words};
use databourse_primitives::{
    AmountMinor, BilingualText, EntryId, Label, LeafIndex, LicenceId, Rate, ScheduleVersion, SharesVersion,
    TaxVersion, Timestamp,
};
use serde::{Deserialize, Serialize};

/// Why money moved. Each kind fixes what its `effect_minor` must be; with N net, V VAT, F fee, T VAT on the fee,
/// R revenue shares, C voucher. A part that is not named in a kind's formula or its "states" must be zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// The holder sold: `+(N − F − T − R)`. States V, which goes to the tax account, and C, what of N + V the buyer
    /// paid by voucher; neither changes the effect.
    Sale,
    /// The holder bought: `−(N + V + F + T − C)`, F and T being a fee that the buyer itself bears.
    Purchase,
    /// The holder gave money of a sale back: `−(N − F − T − R)`. States V and C as a sale does.
    RefundGiven,
    /// The holder got money of a purchase back: `+(N + V + F + T − C)`, C being what returned to the voucher.
    RefundReceived,
    /// Money came in: positive, no parts.
    Deposit,
    /// Money went out: negative, no parts.
    Withdrawal,
    /// A yearly fee: `−(F + T)`.
    YearlyFee,
    /// A part of somebody's sale that revenue shares give the holder: `+R`, or `−R` when it is refunded. States N, V,
    /// F and T of that sale as far as the holder may know them.
    RevenueShare,
    /// The exchange's own part of a fee: `+F`, or `−F` when it is refunded. States N and T.
    FeeEarned,
    /// Tax that the holder owes, set apart or paid: `±(V + T)`. States N and F.
    Tax,
    /// An innovation voucher was granted (no effect on money), funded or made good: `0`, `−C` or `+C`.
    Voucher,
    /// A payment that settles a window: not zero, no parts.
    Settlement,
    /// Money frozen, freed or moved by a dispute: not zero, no parts.
    Dispute,
    /// A later entry that puts an earlier one right: not zero, no parts.
    Correction,
    /// Money held for an order: negative, no parts. Absent where a statement counts held money as the holder's.
    Hold,
    /// Money no longer held, returned or about to pay the purchase on the next line: positive, no parts.
    HoldEnd,
}

impl LineKind {
    /// Every kind, in the order of totals.
    pub const ALL: [Self; 16] = [
        Self::Sale,
        Self::Purchase,
        Self::RefundGiven,
        Self::RefundReceived,
        Self::Deposit,
        Self::Withdrawal,
        Self::YearlyFee,
        Self::RevenueShare,
        Self::FeeEarned,
        Self::Tax,
        Self::Voucher,
        Self::Settlement,
        Self::Dispute,
        Self::Correction,
        Self::Hold,
        Self::HoldEnd,
    ];

    /// The kind's name for people.
    pub const fn words(self) -> Words {
        match self {
            Self::Sale => words("销售", "Sale"),
            Self::Purchase => words("购买", "Purchase"),
            Self::RefundGiven => words("退款付出", "Refund given"),
            Self::RefundReceived => words("退款收到", "Refund received"),
            Self::Deposit => words("入金", "Deposit"),
            Self::Withdrawal => words("出金", "Withdrawal"),
            Self::YearlyFee => words("年费", "Yearly fee"),
            Self::RevenueShare => words("收益分配", "Revenue share"),
            Self::FeeEarned => words("手续费收入", "Fee earned"),
            Self::Tax => words("税款", "Tax"),
            Self::Voucher => words("科技创新券", "Innovation voucher"),
            Self::Settlement => words("结算划付", "Settlement"),
            Self::Dispute => words("争议", "Dispute"),
            Self::Correction => words("更正", "Correction"),
            Self::Hold => words("冻结", "Hold"),
            Self::HoldEnd => words("解冻", "Hold ended"),
        }
    }
}

/// One line. Amounts are minor units of the window's asset; parts are magnitudes, the sign is in the effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatementLine {
    /// Block time of the entry.
    pub occurred_at: Timestamp,
    /// Why money moved.
    pub kind: LineKind,
    /// Place of the entry in the ledger.
    pub leaf_index: LeafIndex,
    /// The entry that moved the money. One entry may make several lines.
    pub entry: EntryId,
    /// The licence that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<LicenceId>,
    /// Title of the product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<BilingualText>,
    /// Name of who is on the other side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counterparty: Option<BilingualText>,
    /// N: tax-exclusive price.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub net_minor: AmountMinor,
    /// V: value-added tax on the net price.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub vat_minor: AmountMinor,
    /// The rate of V, which a line with V cites.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vat_rate: Option<Rate>,
    /// F: the exchange's fee.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub fee_minor: AmountMinor,
    /// T: value-added tax on the fee.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub fee_vat_minor: AmountMinor,
    /// R: revenue shares, passed on to others or received.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub revenue_minor: AmountMinor,
    /// C: what an innovation voucher paid.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub voucher_minor: AmountMinor,
    /// What the line did to the balance, signed; see [`LineKind`] for what it must be.
    pub effect_minor: i64,
    /// The fee schedule that F and T follow from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<ScheduleVersion>,
    /// The table of tax rates that V follows from; absent where the fee schedule holds the rates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax: Option<TaxVersion>,
    /// The product's revenue shares that R follows from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shares: Option<SharesVersion>,
    /// The rounding rule that made the parts whole, e.g. `half-up-largest-remainder-carry/1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rounding: Option<Label>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(amount: &AmountMinor) -> bool {
    amount.is_zero()
}

impl StatementLine {
    /// A line without parts, to be completed by field.
    pub const fn new(
        kind: LineKind,
        occurred_at: Timestamp,
        leaf_index: LeafIndex,
        entry: EntryId,
        effect_minor: i64,
    ) -> Self {
        Self {
            occurred_at,
            kind,
            leaf_index,
            entry,
            licence: None,
            product: None,
            counterparty: None,
            net_minor: AmountMinor::ZERO,
            vat_minor: AmountMinor::ZERO,
            vat_rate: None,
            fee_minor: AmountMinor::ZERO,
            fee_vat_minor: AmountMinor::ZERO,
            revenue_minor: AmountMinor::ZERO,
            voucher_minor: AmountMinor::ZERO,
            effect_minor,
            schedule: None,
            tax: None,
            shares: None,
            rounding: None,
        }
    }

    /// N, V, F, T, R and C, minor units, in that order.
    pub const fn parts_minor(&self) -> [i64; 6] {
        [
            self.net_minor.get(),
            self.vat_minor.get(),
            self.fee_minor.get(),
            self.fee_vat_minor.get(),
            self.revenue_minor.get(),
            self.voucher_minor.get(),
        ]
    }
}
