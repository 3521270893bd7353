//! The PDF form: A4 landscape, both languages, text that can be selected and searched.

mod book;
mod canvas;
mod closing;
mod columns;
mod face;
mod sheet;
mod table;
mod wrap;

use crate::{
    Statement,
    words::{self as w, Language, both},
};
use book::{Properties, bind};
use columns::Columns;
use databourse_primitives::{Digest, Timestamp};
use sheet::Sheet;

impl Statement {
    /// The PDF form: header and page number on each page, opening and closing balance, one row per line with what it
    /// cites, totals by kind, the proof, and how to recompute. `created_at` is written into the document's properties;
    /// without it the bytes follow from the statement alone.
    ///
    /// Fonts are not embedded: readers supply Helvetica and a simplified Chinese font. Memory grows with the number of
    /// lines and nothing else; pages are compressed as they fill.
    ///
    /// # Errors
    /// As [`Statement::to_json`], whose digest the document shows.
    pub fn to_pdf(&self, created_at: Option<Timestamp>) -> serde_json::Result<Vec<u8>> {
        let digest = Digest::of(&self.to_json()?);
        let columns = Columns::of(self);
        let mut sheet = Sheet::new(self);
        closing::draw_summary(&mut sheet, self);
        table::draw_lines(&mut sheet, &columns, self);
        closing::draw_totals(&mut sheet, &columns, self);
        closing::draw_proof(&mut sheet, self, digest);
        let parts = self.parts();
        let title = w::TITLE.say(Language::Both);
        let properties = Properties {
            title: format!("{title} {}", parts.window),
            subject: format!("{} ({})", both(&parts.holder_name), parts.holder),
            author: both(&parts.exchange_name),
            created_at,
            digest,
        };
        Ok(bind(&properties, &sheet.finish()))
    }
}
