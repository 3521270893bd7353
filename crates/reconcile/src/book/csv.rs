//! CSV as RFC 4180 defines it, read strictly: a quote stands only around a whole field, every record has as many fields
//! as the header, sizes are bounded. Line ends may be CRLF or LF; a byte order mark is skipped.

use super::{BOOK_BYTES_MAX, COLUMNS_MAX, RECORD_BYTES_MAX, malformed};
use databourse_primitives::{Refusal, RefusalCode};
use std::borrow::Cow;

/// The records of a file, one after another.
pub(super) struct Records<'a> {
    rest: &'a str,
    separator: u8,
    /// Line of the file on which the next record begins, from 1.
    line: u64,
}

/// One record: the line of the file on which it begins, and its fields.
pub(super) type Record<'a> = (u64, Vec<Cow<'a, str>>);

impl<'a> Records<'a> {
    /// The records of `bytes`, whose fields `separator` keeps apart.
    pub(super) fn new(bytes: &'a [u8], separator: char) -> Result<Self, Refusal> {
        let valid = separator.is_ascii() && !['"', '\r', '\n'].contains(&separator);
        let separator = u8::try_from(separator).ok().filter(|_| valid);
        let separator = separator.ok_or_else(|| {
            Refusal::new(
                RefusalCode::FileMalformed,
                "separator",
                "one ASCII character other than a quote or line end",
            )
        })?;
        if bytes.len() > BOOK_BYTES_MAX {
            return Err(Refusal::new(RefusalCode::FileMalformed, "", "at most 268435456 bytes"));
        }
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let lines = bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
            malformed(lines as u64 + 1, None, "UTF-8")
        })?;
        Ok(Self { rest: text.strip_prefix('\u{feff}').unwrap_or(text), separator, line: 1 })
    }

    /// The next record; `None` at the end of the file.
    pub(super) fn next_record(&mut self) -> Result<Option<Record<'a>>, Refusal> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let (begins, before) = (self.line, self.rest.len());
        let mut fields = Vec::new();
        loop {
            let (field, ends) =
                if self.rest.starts_with('"') { self.quoted(begins)? } else { self.plain(begins)? };
            fields.push(field);
            if before - self.rest.len() > RECORD_BYTES_MAX || fields.len() > COLUMNS_MAX {
                return Err(malformed(begins, None, "a record of at most 16384 bytes and 256 fields"));
            }
            if ends {
                return Ok(Some((begins, fields)));
            }
        }
    }

    /// A field without quotes, and whether it ends the record.
    fn plain(&mut self, begins: u64) -> Result<(Cow<'a, str>, bool), Refusal> {
        let separator = self.separator;
        let ends = |byte: u8| byte == separator || byte == b'\n' || byte == b'"';
        let end = self.rest.bytes().position(ends).unwrap_or(self.rest.len());
        let (field, rest) = self.rest.split_at(end);
        // A `\r` belongs to the end of a line and to nothing else.
        let (field, rest) = match (rest.as_bytes().first(), field.strip_suffix('\r')) {
            (Some(b'\n'), Some(field)) => (field, rest),
            _ => (field, rest),
        };
        if rest.starts_with('"') || field.contains('\r') {
            return Err(malformed(begins, None, "quotes only around a whole field, doubled inside it"));
        }
        self.rest = rest;
        Ok((Cow::Borrowed(field), self.end()))
    }

    /// A field in quotes, and whether it ends the record.
    fn quoted(&mut self, begins: u64) -> Result<(Cow<'a, str>, bool), Refusal> {
        let body = &self.rest[1..];
        let mut from = 0;
        let end = loop {
            let at = body[from..].find('"').map(|at| from + at);
            let at = at.ok_or_else(|| malformed(begins, None, "a quote that ends what a quote began"))?;
            if body.as_bytes().get(at + 1) != Some(&b'"') {
                break at;
            }
            from = at + 2;
        };
        let field = &body[..end];
        self.line += field.bytes().filter(|byte| *byte == b'\n').count() as u64;
        self.rest = &body[end + 1..];
        let follows = self.rest.as_bytes();
        let ends = follows.is_empty()
            || follows[0] == self.separator
            || follows[0] == b'\n'
            || follows.starts_with(b"\r\n");
        if !ends {
            return Err(malformed(begins, None, "quotes only around a whole field, doubled inside it"));
        }
        if follows.starts_with(b"\r\n") {
            self.rest = &self.rest[1..];
        }
        let field =
            if field.contains('"') { Cow::Owned(field.replace("\"\"", "\"")) } else { Cow::Borrowed(field) };
        Ok((field, self.end()))
    }

    /// Steps over what ended a field; true if that was the end of the line or of the file.
    fn end(&mut self) -> bool {
        match self.rest.as_bytes().first() {
            None => true,
            Some(byte) => {
                let line = *byte == b'\n';
                self.line += u64::from(line);
                self.rest = &self.rest[1..];
                line
            }
        }
    }
}

/// `field` as it stands in a file: in quotes where it must be.
pub(super) fn put(text: &mut String, field: &str, separator: char) {
    if field.contains([separator, '"', '\r', '\n']) || field.starts_with([' ', '\u{feff}']) {
        text.push('"');
        text.push_str(&field.replace('"', "\"\""));
        text.push('"');
    } else {
        text.push_str(field);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(text: &str) -> Result<Vec<(u64, Vec<String>)>, String> {
        let mut records = Records::new(text.as_bytes(), ',').map_err(|refusal| refusal.to_string())?;
        let mut found = Vec::new();
        while let Some((line, fields)) = records.next_record().map_err(|refusal| refusal.field.to_string())? {
            found.push((line, fields.into_iter().map(Cow::into_owned).collect()));
        }
        Ok(found)
    }

    #[track_caller]
    fn check(text: &str, expected: &[(u64, &[&str])]) {
        let expected: Vec<_> =
            expected.iter().map(|(line, f)| (*line, f.iter().map(ToString::to_string).collect())).collect();
        assert_eq!(all(text), Ok(expected), "{text:?}");
    }

    #[test]
    fn records_are_read_as_rfc_4180_writes_them() {
        check("", &[]);
        check("a,b\r\nc,d\r\n", &[(1, &["a", "b"]), (2, &["c", "d"])]);
        check("\u{feff}a,b\nc,", &[(1, &["a", "b"]), (2, &["c", ""])]);
        check("\"a,\"\"b\"\"\n\",c\nd,e", &[(1, &["a,\"b\"\n", "c"]), (3, &["d", "e"])]);
        check("\"\",\"\"\r\n", &[(1, &["", ""])]);
        for (bad, field) in [
            ("a,b\nc\"d,e", "line 2"),
            ("a\n\"b\"c", "line 2"),
            ("a\n\"b", "line 2"),
            ("a\rb", "line 1"),
            (&"x".repeat(RECORD_BYTES_MAX + 1), "line 1"),
            (&",".repeat(COLUMNS_MAX), "line 1"),
        ] {
            assert_eq!(all(bad), Err(field.to_owned()));
        }
        assert!(Records::new(b"a\n\xff", ',').is_err_and(|refusal| refusal.field == "line 2"));
        assert!(Records::new(b"", '"').is_err() && Records::new(b"", '，').is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(rows in prop::collection::vec(prop::collection::vec("[a\",\r\n 数]{0,6}", 3), 0..6)) {
            let mut text = String::new();
            for row in &rows {
                for (column, field) in row.iter().enumerate() {
                    if column > 0 { text.push(','); }
                    put(&mut text, field, ',');
                }
                text.push_str("\r\n");
            }
            let read: Vec<_> = all(&text).unwrap().into_iter().map(|(_, fields)| fields).collect();
            prop_assert_eq!(read, rows);
        }

        #[test]
        fn nothing_makes_the_reader_panic(text in "[ab\",\r\n;]{0,40}") {
            drop(all(&text));
        }
    }
}
