//! Catalogues of public sources: one JSON object a line, in either of two formats that the first records reveal.
//!
//! Neither source has prices, rights or suppliers; a record only says what there is. Both are public data.

mod firstdata;
mod open_data;

use super::{
    error::{FileError, Item, RecordCode, RecordError},
    gzip::{self, Input},
    lines::{LineReader, TextLine},
    text::{Fitter, WORDS_MAX},
};
use databourse_listing::{DataClass, ProductDetails, ProductKind};
use databourse_primitives::{BilingualText, Digest, Line};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::path::Path;

/// How many records may be unreadable at the start before the file is given up as neither format.
const DETECTION_RECORDS_MAX: u32 = 10;
const FORMATS: &str =
    "JSON lines of FirstData sources (`id`, `name`) or of the open data registry (`slug`, `Name`)";

/// Which catalogue a record comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum SourceFormat {
    /// MLT-OSS/FirstData: public data sources with Chinese and English texts.
    FirstData,
    /// awslabs/open-data-registry: data set listings in English.
    OpenDataRegistry,
}

impl SourceFormat {
    /// A short name, for references and reports.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::FirstData => "firstdata",
            Self::OpenDataRegistry => "open-data-registry",
        }
    }
}

/// One record of a catalogue, every text within the bounds of `primitives`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CatalogueRecord {
    /// Line in the (decompressed) file, from 1.
    pub(crate) line: u64,
    /// The catalogue it comes from.
    pub(crate) source: SourceFormat,
    /// Its stable id in that catalogue (`id` or `slug`).
    pub(crate) reference: Line,
    /// Its name.
    pub(crate) title: BilingualText,
    /// What it holds, as the source describes it; Markdown is left as it is.
    pub(crate) description: BilingualText,
    /// What it offers.
    pub(crate) kind: ProductKind,
    /// The class of the data; both catalogues hold public data only.
    pub(crate) data_class: DataClass,
    /// Subjects, from a closed list of the source; empty if it has none. At most 30.
    pub(crate) themes: Vec<Line>,
    /// Free keywords in either language. At most 30.
    pub(crate) keywords: Vec<Line>,
    /// How often it is updated, in the source's words.
    pub(crate) update_frequency: Option<Line>,
    /// Who publishes it.
    pub(crate) publisher: BilingualText,
    /// The terms of use in the source's words, at most 4,000 characters.
    pub(crate) licence_text: Option<String>,
    /// Where to read more: the first web address that the source gives, if it is not over-long.
    pub(crate) landing_page: Option<Line>,
    /// SHA-256 of the record's line without its line ending.
    pub(crate) digest: Digest,
    /// Why it should no longer be used, if the source says so.
    pub(crate) deprecated: Option<Line>,
    /// Whether a text or list was cut to fit.
    pub(crate) shortened: bool,
}

impl CatalogueRecord {
    /// The record as a supplier would describe it to `product.list`. The licence text is cut to one line, and themes
    /// follow the keywords as far as there is room: the whole of both stays in the record.
    pub(crate) fn details(&self) -> ProductDetails {
        let mut keywords = self.keywords.clone();
        for theme in &self.themes {
            if keywords.len() < WORDS_MAX && !keywords.contains(theme) {
                keywords.push(theme.clone());
            }
        }
        ProductDetails {
            title: self.title.clone(),
            description: self.description.clone(),
            kind: self.kind,
            keywords,
            update_frequency: self.update_frequency.clone(),
            landing_page: self.landing_page.clone(),
            source_licence: self.licence_text.as_deref().and_then(|text| Fitter::default().line(text)),
            source_digest: Some(self.digest),
            deidentification: None,
        }
    }
}

/// Reads a catalogue record by record.
pub(crate) struct CatalogueReader {
    lines: LineReader,
    format: Option<SourceFormat>,
    /// Records seen while the format was unknown.
    undetected: u32,
    ended: bool,
}

impl CatalogueReader {
    /// Opens a file, gzip or plain.
    ///
    /// # Errors
    /// [`FileError::Open`].
    pub(crate) fn open(path: &Path) -> Result<Self, FileError> {
        gzip::open(path).map(Self::new)
    }

    /// Reads decompressed bytes.
    pub(crate) fn new(input: Input) -> Self {
        Self { lines: LineReader::new(input), format: None, undetected: 0, ended: false }
    }

    /// The format, once a record has revealed it.
    pub(crate) const fn format(&self) -> Option<SourceFormat> {
        self.format
    }

    fn step(&mut self) -> Result<Option<Result<CatalogueRecord, RecordError>>, FileError> {
        let undecided = self.format.is_none();
        if undecided && self.undetected >= DETECTION_RECORDS_MAX {
            return Err(unknown_format(self.lines.number()));
        }
        let line = match self.lines.next_line()? {
            None if undecided => return Err(unknown_format(self.lines.number())),
            None => return Ok(None),
            Some(line) => line,
        };
        let record = line.and_then(|line| {
            let format = match self.format {
                Some(format) => format,
                None => detect(line)?,
            };
            self.format = Some(format);
            match format {
                SourceFormat::FirstData => firstdata::record(line),
                SourceFormat::OpenDataRegistry => open_data::record(line),
            }
        });
        if self.format.is_none() {
            self.undetected += 1;
        }
        Ok(Some(record))
    }
}

impl Iterator for CatalogueReader {
    type Item = Item<CatalogueRecord>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let item = self.step().transpose();
        self.ended = !matches!(item, Some(Ok(_)));
        item
    }
}

fn unknown_format(line: u64) -> FileError {
    FileError::FormatUnknown { line: line.max(1), expected: FORMATS }
}

/// The members that tell the formats apart.
#[derive(Deserialize)]
struct Shape<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    name: Option<&'a RawValue>,
    #[serde(borrow)]
    slug: Option<&'a RawValue>,
    #[serde(borrow, rename = "Name")]
    listing_name: Option<&'a RawValue>,
}

fn detect(line: TextLine<'_>) -> Result<SourceFormat, RecordError> {
    let shape: Shape<'_> = object(line)?;
    match (shape.id.and(shape.name), shape.slug.and(shape.listing_name)) {
        (Some(_), None) => Ok(SourceFormat::FirstData),
        (None, Some(_)) => Ok(SourceFormat::OpenDataRegistry),
        _ => Err(RecordError::new(line.number, RecordCode::FormatUnknown, "", FORMATS)),
    }
}

/// The members of the line's JSON object that `T` asks for; others are passed over.
fn object<'a, T: Deserialize<'a>>(line: TextLine<'a>) -> Result<T, RecordError> {
    // A struct would also be read from an array; a record is an object.
    let is_object = line.text.trim_ascii_start().starts_with('{');
    is_object.then(|| serde_json::from_str(line.text).ok()).flatten().ok_or(RecordError::new(
        line.number,
        RecordCode::NotJson,
        "",
        "one JSON object (RFC 8259)",
    ))
}

/// One member, absent and `null` alike being `None`.
fn member<'a, T: Deserialize<'a>>(
    line: TextLine<'_>,
    field: &'static str,
    value: Option<&'a RawValue>,
    expected: &'static str,
) -> Result<Option<T>, RecordError> {
    value
        .map(|raw| serde_json::from_str(raw.get()))
        .transpose()
        .map_err(|_| RecordError::new(line.number, RecordCode::FieldInvalid, field, expected))
}

/// The record's stable id. It is never cut: a shortened name would be another name.
fn reference(line: TextLine<'_>, field: &'static str, value: Option<String>) -> Result<Line, RecordError> {
    const EXPECTED: &str = "one line of 1 to 300 characters";
    let value = value.filter(|value| !value.trim().is_empty()).ok_or(missing(line, field, EXPECTED))?;
    let invalid = |_| RecordError::new(line.number, RecordCode::FieldInvalid, field, EXPECTED);
    value.trim().parse().map_err(invalid)
}

fn missing(line: TextLine<'_>, field: &'static str, expected: &'static str) -> RecordError {
    RecordError::new(line.number, RecordCode::FieldMissing, field, expected)
}

#[cfg(test)]
mod tests;
