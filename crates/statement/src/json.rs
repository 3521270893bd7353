//! The JSON form: the parts as they are, and the totals for who does not want to add up.

use crate::{Statement, StatementParts, Totals};
use databourse_primitives::{Refusal, RefusalCode};
use serde::{Deserialize, Serialize};

/// Name of the form; another version has another name.
const FORMAT: &str = "databourse-statement-v1";

#[derive(Serialize)]
struct Written<'a> {
    format: &'a str,
    statement: &'a StatementParts,
    totals: &'a Totals,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    format: String,
    statement: StatementParts,
    totals: Totals,
}

impl Statement {
    /// The JSON form: compact, members in a fixed order, amounts as integers in minor units, times in UTC, one line
    /// feed at the end. One statement has one form.
    ///
    /// # Errors
    /// None that this value can cause; the type is the JSON writer's.
    pub fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        let written = Written { format: FORMAT, statement: self.parts(), totals: self.totals() };
        let mut bytes = serde_json::to_vec(&written)?;
        bytes.push(b'\n');
        Ok(bytes)
    }
}

/// Reads the JSON form and checks it as [`Statement::new`] does.
///
/// # Errors
/// `file.malformed`: not this form, a figure does not follow from the others, or totals are not those of the lines.
pub fn read_json(bytes: &[u8]) -> Result<Statement, Refusal> {
    let malformed =
        |field: String, expected: String| Refusal::new(RefusalCode::FileMalformed, field, expected);
    let read: Read = serde_json::from_slice(bytes)
        .map_err(|error| malformed(String::new(), format!("a statement in JSON: {error}")))?;
    if read.format != FORMAT {
        return Err(malformed("format".to_owned(), FORMAT.to_owned()));
    }
    let statement = Statement::new(read.statement)
        .map_err(|found| malformed(format!("statement.{}", found.path()), found.expected))?;
    if *statement.totals() == read.totals {
        Ok(statement)
    } else {
        Err(malformed("totals".to_owned(), "the sums of the lines".to_owned()))
    }
}
