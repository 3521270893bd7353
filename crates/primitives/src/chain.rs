//! Names on an EVM chain, as the ledger writes them down: who and what, never how to reach it.

use crate::{ParseError, serde_as_string};
use std::{fmt, str::FromStr};

macro_rules! hexadecimal {
    ($(#[$doc:meta])* $name:ident, $bytes:literal, $expected:literal;) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $bytes]);

        impl $name {
            /// Wraps the bytes.
            pub const fn from_bytes(bytes: [u8; $bytes]) -> Self {
                Self(bytes)
            }

            /// The bytes.
            pub const fn as_bytes(&self) -> &[u8; $bytes] {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = ParseError;
            fn from_str(text: &str) -> Result<Self, ParseError> {
                const EXPECTED: ParseError = ParseError::new($expected);
                let digits = text.strip_prefix("0x").filter(|digits| digits.len() == 2 * $bytes).ok_or(EXPECTED)?;
                let mut bytes = [0; $bytes];
                for (byte, pair) in bytes.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
                    let [high, low] = [pair[0], pair[1]].map(nibble);
                    *byte = high.ok_or(EXPECTED)? << 4 | low.ok_or(EXPECTED)?;
                }
                Ok(Self(bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("0x")?;
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }
        serde_as_string!($name);
    };
}

hexadecimal! {
    /// An account or contract. Text form `0x<40 lower-case hex digits>`: one spelling, without EIP-55's capitals.
    ChainAddress, 20, "`0x` and 40 lower-case hexadecimal digits";
}
hexadecimal! {
    /// A transaction's hash, or another Keccak-256. Text form `0x<64 lower-case hex digits>`.
    ChainHash, 32, "`0x` and 64 lower-case hexadecimal digits";
}

const fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_on_a_chain_has_one_spelling() {
        let text = "0x5fbdb2315678afecb367f032d93f642f64180aa3";
        let address: ChainAddress = text.parse().unwrap();
        assert_eq!(address.to_string(), text);
        assert_eq!(ChainAddress::from_bytes(*address.as_bytes()), address);
        let long = format!("{text}00");
        for bad in ["", &text[2..], &text[..40], &long, &text.to_uppercase(), &text.replace('5', "g"), "0xé"]
        {
            assert!(bad.parse::<ChainAddress>().is_err(), "{bad}");
        }
        assert!(format!("0x{}", "0a".repeat(32)).parse::<ChainHash>().is_ok());
    }
}
