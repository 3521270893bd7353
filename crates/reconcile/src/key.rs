//! The name of one line of business, the same in every book that holds it.

use databourse_primitives::{ParseError, serde_as_string};
use std::{fmt, str::FromStr};

/// Name of one line of business: 1 to 128 of `a-z A-Z 0-9 . _ : / # @ -`. Examples: `<licence id>/sale`,
/// `<licence id>/refund/<entry id>`, `CNY/2#7/1`. A licence, a word and an entry need more than the 64 characters of
/// a `Label`, and a payment instruction has a `#` in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BusinessKey(Box<str>);

impl BusinessKey {
    /// The longest key, in bytes, which are characters.
    pub const BYTES_MAX: usize = 128;

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for BusinessKey {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._:/#@-".contains(&byte);
        if (1..=Self::BYTES_MAX).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.into()))
        } else {
            Err(ParseError::new("a business key of 1 to 128 letters, digits or `. _ : / # @ -`"))
        }
    }
}

impl fmt::Display for BusinessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
serde_as_string!(BusinessKey);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_bounded_and_has_no_byte_that_ends_it() {
        let licence = "019aa2b4-5c00-7000-8000-000000000001.4294967295";
        let refund = format!("{licence}/refund/019aa2b4-5c00-7000-8000-000000000002");
        for good in [&refund, "CNY/2#7/1", "CNY/2@1", &"x".repeat(128)] {
            assert_eq!(good.parse::<BusinessKey>().unwrap().as_str(), good);
        }
        for bad in ["", "a b", "a\0b", "数", "a,b", "\"", &"x".repeat(129)] {
            assert!(bad.parse::<BusinessKey>().is_err(), "{bad:?} should be refused");
        }
    }
}
