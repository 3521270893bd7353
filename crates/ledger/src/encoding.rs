//! Base64, hexadecimal and decimal with one spelling for each value.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use databourse_merkle::Hash;

/// RFC 4648 §4 with padding: what the C2SP formats use.
pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Reads RFC 4648 §4; padding is required and its unused bits are zero (§3.5), so each value has one spelling.
pub(crate) fn parse_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Reads one 32-byte hash in base64.
pub(crate) fn parse_hash(text: &str) -> Option<Hash> {
    parse_base64(text)?.try_into().ok().map(Hash::from_bytes)
}

/// RFC 4648 §5 without padding: what JWS uses (RFC 7515 §2).
pub(crate) fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads RFC 4648 §5 without padding; unused bits are zero.
pub(crate) fn parse_base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// Decimal digits without sign or leading zeros, below 2^64.
pub(crate) fn parse_decimal(digits: &str) -> Option<u64> {
    let canonical =
        digits == "0" || (!digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit()));
    digits.parse().ok().filter(|_| canonical)
}

/// Eight lower-case hexadecimal digits.
pub(crate) fn parse_hex_u32(digits: &str) -> Option<u32> {
    let shape = digits.len() == 8
        && digits.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    u32::from_str_radix(digits, 16).ok().filter(|_| shape)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_one_spelling() {
        assert_eq!(parse_decimal("0"), Some(0));
        assert_eq!(parse_decimal("18446744073709551615"), Some(u64::MAX));
        for bad in ["", "00", "01", "+1", "-0", "1 ", "18446744073709551616", "１"] {
            assert_eq!(parse_decimal(bad), None, "{bad:?}");
        }
        assert_eq!(parse_hex_u32("530d903a"), Some(0x530d_903a));
        for bad in ["", "530D903A", "+30d903a", "530d903", "0530d903a"] {
            assert_eq!(parse_hex_u32(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn base64_has_one_spelling() {
        assert_eq!(parse_base64("AA=="), Some(vec![0]));
        for bad in ["AA", "AA=", "AB==", "AA==\n", "A-==", " AA=="] {
            assert_eq!(parse_base64(bad), None, "{bad:?}");
        }
        assert_eq!(parse_base64url("AA"), Some(vec![0]));
        for bad in ["AA==", "AB", "A", "A+", "AA\n"] {
            assert_eq!(parse_base64url(bad), None, "{bad:?}");
        }
    }
}
