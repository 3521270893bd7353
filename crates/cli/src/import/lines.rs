//! Lines of a stream with their numbers, one at a time, in a buffer that never outgrows its limit.

use super::{
    error::{FileError, RecordCode, RecordError},
    gzip::Input,
};

/// The longest line that is kept. The longest of the real files has 871,043 bytes.
pub(super) const LINE_BYTES_MAX: usize = 4 * 1024 * 1024;
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// One line without its line ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TextLine<'a> {
    /// Its number, from 1.
    pub(super) number: u64,
    /// Its text, never blank.
    pub(super) text: &'a str,
}

/// Reads lines that end in LF or CRLF; the last needs no ending. Blank lines are counted and passed over.
pub(super) struct LineReader {
    input: Input,
    buffer: Vec<u8>,
    number: u64,
    limit: usize,
}

impl LineReader {
    /// Reads `input` from its first byte.
    pub(super) fn new(input: Input) -> Self {
        Self { input, buffer: Vec::new(), number: 0, limit: LINE_BYTES_MAX }
    }

    /// Number of the line read last; 0 before the first.
    pub(super) const fn number(&self) -> u64 {
        self.number
    }

    /// The next line that is not blank, `None` at the end.
    ///
    /// # Errors
    /// Inside: the line is too long or not UTF-8; reading goes on with the next. Outside: the stream broke off.
    pub(super) fn next_line(&mut self) -> Result<Option<Result<TextLine<'_>, RecordError>>, FileError> {
        let within_limit = loop {
            match self.fill()? {
                None => return Ok(None),
                Some(true) if self.buffer.trim_ascii().is_empty() => {}
                Some(within_limit) => break within_limit,
            }
        };
        let refuse = |code, expected| RecordError::new(self.number, code, "", expected);
        let line = if within_limit {
            std::str::from_utf8(&self.buffer)
                .map(|text| TextLine { number: self.number, text })
                .map_err(|_| refuse(RecordCode::NotUtf8, "UTF-8 text"))
        } else {
            Err(refuse(RecordCode::LineTooLong, "a line of at most 4 MiB"))
        };
        Ok(Some(line))
    }

    /// Takes one line into the buffer, without its ending: whether all of it fitted, `None` at the end.
    fn fill(&mut self) -> Result<Option<bool>, FileError> {
        self.buffer.clear();
        let (mut any, mut within_limit) = (false, true);
        loop {
            let broken = |source| FileError::while_reading(self.number.saturating_add(1), source);
            let available = match self.input.fill_buf() {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                other => other.map_err(broken)?,
            };
            if available.is_empty() {
                break;
            }
            any = true;
            let end = available.iter().position(|byte| *byte == b'\n');
            let part = &available[..end.unwrap_or(available.len())];
            within_limit &= self.buffer.len() + part.len() <= self.limit;
            if within_limit {
                self.buffer.extend_from_slice(part);
            }
            let taken = part.len() + usize::from(end.is_some());
            self.input.consume(taken);
            if end.is_some() {
                break;
            }
        }
        if !any {
            return Ok(None);
        }
        self.number = self.number.saturating_add(1);
        if self.buffer.last() == Some(&b'\r') {
            self.buffer.pop();
        }
        if self.number == 1 && self.buffer.starts_with(BYTE_ORDER_MARK) {
            self.buffer.drain(..BYTE_ORDER_MARK.len());
        }
        Ok(Some(within_limit))
    }
}

#[cfg(test)]
mod tests {
    use super::{super::gzip, *};
    use std::io::Cursor;

    fn reader(bytes: &[u8]) -> LineReader {
        LineReader::new(gzip::decompressed(Cursor::new(bytes.to_vec())).unwrap())
    }

    /// Every line as `number:text` or `number!code`, then `|` and how the file ended if badly.
    fn read(mut lines: LineReader) -> String {
        let mut seen = Vec::new();
        loop {
            match lines.next_line() {
                Ok(None) => return seen.join(" "),
                Ok(Some(Ok(line))) => seen.push(format!("{}:{}", line.number, line.text)),
                Ok(Some(Err(refused))) => seen.push(format!("{}!{}", refused.line, refused.code)),
                Err(error) => return format!("{} | {error}", seen.join(" ")),
            }
        }
    }

    #[test]
    fn lines_keep_their_numbers_across_blank_and_bad_ones() {
        assert_eq!(read(reader(b"")), "");
        assert_eq!(read(reader(b"\xEF\xBB\xBFa\r\n\n \nb\n\xFF\nc")), "1:a 4:b 5!record.not_utf8 6:c");
        let mut short = reader(b"abc\nabcd\nab");
        short.limit = 3;
        assert_eq!(read(short), "1:abc 2!record.line_too_long 3:ab");
    }

    #[test]
    fn a_broken_gzip_says_at_which_line() {
        // Digests do not compress, so that lines come out before the cut.
        let text: String = (0..4_000_u32)
            .map(|n| format!("{}\n", databourse_primitives::Digest::of(&n.to_be_bytes())))
            .collect();
        let packed = gzip::tests::gzip(text.as_bytes());
        let cut = read(reader(&packed[..packed.len() / 2]));
        let last = cut.rsplit_once(" | ").unwrap().0.rsplit_once(' ').unwrap().1;
        let number: u64 = last.split_once(':').unwrap().0.parse().unwrap();
        assert!(number > 100, "lines before the cut are good: {number}");
        assert!(cut.ends_with(&format!(" | the gzip file ends too early, in line {}", number + 1)));
        let mut damaged = packed;
        let at = damaged.len() - 6;
        damaged[at] ^= 1;
        assert!(read(reader(&damaged)).ends_with(" | the gzip file is damaged at line 4001"));
    }
}
