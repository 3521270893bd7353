//! The words of a line: its kind and its state.

use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $word:ident = $text:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($(#[$word_doc])* $word),*
        }

        impl $name {
            /// Every value, in the order of declaration.
            pub const ALL: &[Self] = &[$(Self::$word),*];

            /// The word as it stands in files and in the encoding of a line.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$word => $text),* }
            }
        }
    };
}

words!(
    /// What kind of business a line is. It fixes the sign of the line's amounts.
    LineKind {
        /// A licence was sold: amounts from zero up.
        Sale = "sale",
        /// A sale was given back, wholly or in part: amounts from zero down.
        Refund = "refund",
        /// A fee that stands alone: amounts from zero up.
        Fee = "fee",
        /// Money came in: amounts from zero up.
        Deposit = "deposit",
        /// Money went out: amounts from zero down.
        Withdrawal = "withdrawal",
        /// A payment between exchanges that settles a window: positive for who receives, negative for who pays.
        Settlement = "settlement",
    }
);

words!(
    /// How far the line has come.
    LineStatus {
        /// It stands.
        Final = "final",
        /// It was undone by another entry.
        Reversed = "reversed",
        /// It is not final yet.
        Pending = "pending",
    }
);
