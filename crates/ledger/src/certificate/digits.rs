//! Bytes as decimal digits: what a QR code packs best that may stand in a URL (ISO/IEC 18004 numeric mode, ten bits per
//! three digits). 7 bytes are 17 digits, so 1.2 % is lost; base45 in alphanumeric mode loses 3.1 % and has characters
//! that URLs escape.

/// Bytes of a full group and its digits: 256^7 < 10^17.
const GROUP_BYTES: usize = 7;
const GROUP_DIGITS: usize = 17;

/// Digits of a group of that many bytes, the fewest that hold every value. No two counts are equal, so the length of a
/// text says how many bytes it holds.
const DIGITS_OF: [usize; GROUP_BYTES + 1] = [0, 3, 5, 8, 10, 13, 15, GROUP_DIGITS];

/// Each group as one big-endian number with leading zeros; the last group may be shorter.
pub(super) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() / GROUP_BYTES * GROUP_DIGITS + GROUP_DIGITS);
    for group in bytes.chunks(GROUP_BYTES) {
        let value = group.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
        let width = DIGITS_OF.get(group.len()).copied().unwrap_or_default();
        text.push_str(&format!("{value:0width$}"));
    }
    text
}

/// Reads what [`encode`] wrote. `None` for another character, a length that no group has, or a number that does not
/// fit its bytes: each value has one spelling.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / GROUP_DIGITS * GROUP_BYTES + GROUP_BYTES);
    for group in text.as_bytes().chunks(GROUP_DIGITS) {
        let count = DIGITS_OF.iter().position(|digits| *digits == group.len())?;
        let mut value = 0_u64;
        for digit in group {
            let digit = char::from(*digit).to_digit(10)?;
            // 17 digits are below 2^57.
            value = value.checked_mul(10)?.checked_add(u64::from(digit))?;
        }
        let spelled = value.to_be_bytes();
        let (unused, used) = spelled.split_at_checked(spelled.len().checked_sub(count)?)?;
        if unused.iter().any(|byte| *byte != 0) {
            return None;
        }
        bytes.extend_from_slice(used);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_from_their_digits() {
        for (bytes, digits) in [
            (&[][..], ""),
            (&[0], "000"),
            (&[255], "255"),
            (&[1, 0], "00256"),
            (&[255; 7], "72057594037927935"),
            (&[0, 0, 0, 0, 0, 0, 1, 9], "00000000000000001009"),
        ] {
            assert_eq!(encode(bytes), digits);
            assert_eq!(decode(digits).as_deref(), Some(bytes));
        }
        for count in 0..64_u8 {
            let bytes: Vec<u8> = (0..count).map(|byte| byte.wrapping_mul(151)).collect();
            assert_eq!(decode(&encode(&bytes)), Some(bytes));
        }
    }

    #[test]
    fn a_value_has_one_spelling() {
        for bad in [
            "0",
            "00",
            "256",
            "0000",
            "65536",
            "-01",
            "+01",
            "1e2",
            "00a",
            " 00",
            "72057594037927936",
            "０００",
        ] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }
}
