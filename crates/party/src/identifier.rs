//! Legal identifiers of parties.

use databourse_primitives::{Label, ParseError, serde_as_string};
use std::{fmt, str::FromStr};

/// Who a party is in law. Text form `<scheme>:<value>`:
/// `uscc:` a Chinese unified social credit code whose check character holds (GB 32100-2015 §4.4), or
/// `ext:` a label of another register, e.g. `ext:uci-retail:17850`, which the certifying exchange answers for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LegalIdentifier {
    /// Unified social credit code 统一社会信用代码, 18 characters.
    Uscc(Box<str>),
    /// An identifier of another register.
    External(Label),
}

/// The 31 characters of GB 32100-2015, in the order of their values: no I, O, S, V, Z.
const USCC_ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

/// The check character of the first 17 characters: (31 - Σ value·3^i mod 31) mod 31.
fn uscc_check_character(code: &[u8]) -> Option<u8> {
    let mut weight = 1_usize;
    let mut sum = 0_usize;
    for character in code.iter().take(17) {
        let value = USCC_ALPHABET.iter().position(|known| known == character)?;
        sum += value * weight;
        weight = weight * 3 % 31;
    }
    USCC_ALPHABET.get((31 - sum % 31) % 31).copied()
}

impl FromStr for LegalIdentifier {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        const EXPECTED: ParseError = ParseError::new(
            "`uscc:` and an 18-character unified social credit code with a valid check character, or `ext:` and a label",
        );
        match text.split_once(':') {
            Some(("uscc", code)) => {
                let bytes = code.as_bytes();
                let valid = bytes.len() == 18 && uscc_check_character(bytes) == bytes.last().copied();
                if valid { Ok(Self::Uscc(code.into())) } else { Err(EXPECTED) }
            }
            Some(("ext", label)) => label.parse().map(Self::External).map_err(|_| EXPECTED),
            _ => Err(EXPECTED),
        }
    }
}

impl fmt::Display for LegalIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uscc(code) => write!(f, "uscc:{code}"),
            Self::External(label) => write!(f, "ext:{label}"),
        }
    }
}
serde_as_string!(LegalIdentifier);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_character_of_gb_32100_holds() {
        let base = b"91310000MA1FL0000";
        let check = uscc_check_character(base).unwrap();
        let code = format!("uscc:{}{}", std::str::from_utf8(base).unwrap(), char::from(check));
        assert_eq!(code.parse::<LegalIdentifier>().unwrap().to_string(), code);
        for other in USCC_ALPHABET.iter().filter(|character| **character != check) {
            let wrong = format!("{}{}", &code[..code.len() - 1], char::from(*other));
            assert!(wrong.parse::<LegalIdentifier>().is_err(), "{wrong} should be refused");
        }
    }

    #[test]
    fn other_registers_are_labels() {
        assert!("ext:uci-retail:17850".parse::<LegalIdentifier>().is_ok());
        for bad in
            ["", "17850", "ext:", "ext:a b", "uscc:", "uscc:91310000MA1FL0000", "lei:5493001KJTIIGC8Y1R12"]
        {
            assert!(bad.parse::<LegalIdentifier>().is_err(), "{bad} should be refused");
        }
    }
}
