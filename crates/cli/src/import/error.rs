//! What can go wrong with a record, and what with a file.

use databourse_primitives::RefusalCode;
use std::{borrow::Cow, fmt, io, path::PathBuf};

/// What a reader yields: a record, the refusal of one, or the end of the file for a bad reason.
pub(crate) type Item<T> = Result<Result<T, RecordError>, FileError>;

/// Why a record was refused. The first that applies, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum RecordCode {
    /// The line has more bytes than the reader keeps.
    LineTooLong,
    /// The line is not UTF-8.
    NotUtf8,
    /// The line is not one JSON object.
    NotJson,
    /// The line is not a row of the CSV's columns.
    NotCsv,
    /// The record is of a format that the reader does not know.
    FormatUnknown,
    /// A field that the market needs is absent or blank.
    FieldMissing,
    /// A field is there but cannot be read.
    FieldInvalid,
    /// The price has more decimals than the asset.
    TooManyDecimals,
    /// The amount is beyond what the ledger can write.
    OutOfRange,
}

impl RecordCode {
    /// The stable text of the code. Where the ledger refuses for the same reason, it is the ledger's code.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::LineTooLong => "record.line_too_long",
            Self::NotUtf8 => "record.not_utf8",
            Self::NotJson => "record.not_json",
            Self::NotCsv => "record.not_csv",
            Self::FormatUnknown => "record.format_unknown",
            Self::FieldMissing => "record.field_missing",
            Self::FieldInvalid => "record.field_invalid",
            Self::TooManyDecimals => RefusalCode::AmountTooManyDecimals.as_str(),
            Self::OutOfRange => RefusalCode::AmountOutOfRange.as_str(),
        }
    }
}

impl fmt::Display for RecordCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The refusal of one record. Every other record of the file is still read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RecordError {
    /// Line in the (decompressed) file, from 1.
    pub(crate) line: u64,
    /// The reason.
    pub(crate) code: RecordCode,
    /// The field as the source names it, e.g. `name.zh` or `UnitPrice`; empty if the whole line is meant.
    pub(crate) field: Cow<'static, str>,
    /// What would have been accepted.
    pub(crate) expected: Cow<'static, str>,
}

impl RecordError {
    /// A refusal of `field` in `line`.
    pub(crate) fn new(
        line: u64,
        code: RecordCode,
        field: impl Into<Cow<'static, str>>,
        expected: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { line, code, field: field.into(), expected: expected.into() }
    }
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.code)?;
        if !self.field.is_empty() {
            write!(f, " at {}", self.field)?;
        }
        write!(f, ", expected {}", self.expected)
    }
}

impl std::error::Error for RecordError {}

/// Why a file cannot be read to its end. What came before it is good.
#[derive(Debug)]
pub(crate) enum FileError {
    /// The file cannot be opened.
    Open {
        /// Its path as given.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The system failed while line `line` was read.
    Io {
        /// Line that was being read, from 1.
        line: u64,
        /// The system's reason.
        source: io::Error,
    },
    /// The gzip stream ends too early, within line `line`.
    Truncated {
        /// Line that was being read, from 1.
        line: u64,
    },
    /// The gzip stream is damaged at line `line`.
    Damaged {
        /// Line that was being read, from 1.
        line: u64,
    },
    /// The file is none of the formats that this reader knows; it was read up to line `line`.
    FormatUnknown {
        /// Line by which it was decided, from 1.
        line: u64,
        /// The formats that would have been read.
        expected: &'static str,
    },
}

impl FileError {
    /// Sorts an I/O error met while `line` was read; the decompressor reports damage as I/O errors.
    pub(super) fn while_reading(line: u64, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::UnexpectedEof => Self::Truncated { line },
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => Self::Damaged { line },
            _ => Self::Io { line, source },
        }
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open { path, source } => write!(f, "{} cannot be opened: {source}", path.display()),
            Self::Io { line, source } => write!(f, "line {line} cannot be read: {source}"),
            Self::Truncated { line } => write!(f, "the gzip file ends too early, in line {line}"),
            Self::Damaged { line } => write!(f, "the gzip file is damaged at line {line}"),
            Self::FormatUnknown { line, expected } => {
                write!(f, "the format was not recognised by line {line}, expected {expected}")
            }
        }
    }
}

/// Its words hold the system's reason already, so it has no source that would be told a second time.
impl std::error::Error for FileError {}
