//! The kinds of breaks. One word each, the same in the ledger, in files and on the screen.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! break_kinds {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// What is wrong between two books. Left is the shared ledger; right is the exchange's own book or the bank.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum BreakKind {
            $($(#[$doc])* $name,)*
        }

        impl BreakKind {
            /// Every kind, in the order of their declaration.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The kind as it stands in entries and files, e.g. `fee_rule`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

break_kinds! {
    /// The right side has a line that the ledger has not.
    MissingLeft = "missing_left";
    /// The ledger has a line that the right side has not.
    MissingRight = "missing_right";
    /// The net amounts differ, or amounts differ that no single rule explains.
    Amount = "amount";
    /// The assets differ.
    Currency = "currency";
    /// One key stands twice on a side.
    Duplicate = "duplicate";
    /// The other side has the line in another window.
    Timing = "timing";
    /// The states, or the kinds of business, differ.
    Status = "status";
    /// The counterparties differ.
    Party = "party";
    /// Fees or versions of the fee schedule differ.
    FeeRule = "fee_rule";
    /// Value-added taxes or versions of the tax table differ.
    Tax = "tax";
    /// Exactly one derived amount differs, by one minor unit, under the same versions.
    Rounding = "rounding";
    /// A refund of a sale that neither side knows, or that the sides attach to different sales.
    OrphanRefund = "orphan_refund";
    /// A refund that takes the refunds of its sale above the sale.
    OverRefund = "over_refund";
    /// A line without a key that fits several lines equally well.
    Ambiguous = "ambiguous";
    /// The bank has a line that the ledger knows nothing of.
    External = "external";
    /// The head that a side signed is not the head of the lines that it delivered.
    Root = "root";
}

impl fmt::Display for BreakKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_has_one_spelling() {
        assert_eq!(BreakKind::ALL.len(), 16);
        for kind in BreakKind::ALL {
            let json = serde_json::to_string(kind).unwrap();
            assert_eq!(json, format!("\"{kind}\""));
            assert_eq!(serde_json::from_str::<BreakKind>(&json).unwrap(), *kind);
        }
    }
}
