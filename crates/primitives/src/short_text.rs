//! Texts of names and numbers, written on the stack: a ledger reads and writes millions of them.

use std::fmt::{self, Write as _};

/// Longer than the name of any record; what is longer still is put into a `String`.
const SHORT_BYTES: usize = 128;

struct ShortText {
    bytes: [u8; SHORT_BYTES],
    length: usize,
}

impl ShortText {
    fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(self.bytes.get(..self.length)?).ok()
    }
}

impl fmt::Write for ShortText {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

/// What `take` makes of the text form of `value`. Nothing is allocated for a short one.
pub fn with_text<T>(value: &(impl fmt::Display + ?Sized), take: impl FnOnce(&str) -> T) -> T {
    let mut short = ShortText { bytes: [0; SHORT_BYTES], length: 0 };
    let written = write!(short, "{value}");
    match short.as_str().filter(|_| written.is_ok()) {
        Some(text) => take(text),
        None => take(&value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_any_length_is_whole() {
        for length in [0, 1, SHORT_BYTES - 1, SHORT_BYTES, SHORT_BYTES + 1, 10 * SHORT_BYTES] {
            let text = "é".repeat(length / 2) + &"a".repeat(length % 2);
            // Two pieces, so that the second may be the one that does not fit.
            assert_eq!(with_text(&format_args!("{text}{text}"), str::to_owned), text.repeat(2), "{length}");
        }
    }
}
