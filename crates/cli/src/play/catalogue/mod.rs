//! Catalogue files: every record becomes a right, a product and a free offer, or is refused with its line and reason.

mod commands;

use super::{
    batch::{Answer, Batcher},
    ids::Ids,
    stage::Stage,
};
use crate::import::catalogue::{CatalogueReader, SourceFormat};
use anyhow::{Context as _, Result, bail};
use databourse_client::Client;
use databourse_primitives::PartyId;
use std::{collections::BTreeMap, fmt::Write as _, path::Path};

/// What became of a file.
pub(crate) struct CatalogueReport {
    file: String,
    format: &'static str,
    records: u64,
    products: u64,
    deprecated: u64,
    /// Line, code and words of each refusal.
    refused: Vec<(u64, String, String)>,
}

/// What the player remembers of a command.
enum Sent {
    Importer,
    /// Right, offer or pause of the record at this line.
    Part(u64),
    /// The product of the record at this line.
    Product(u64),
}

/// Lists the records of `file` as the operator whose token `operator` bears.
pub(crate) async fn list(operator: &Client, ids: &Ids, file: &Path) -> Result<CatalogueReport> {
    let mut reader = CatalogueReader::open(file).with_context(|| file.display().to_string())?;
    let mut report = CatalogueReport {
        file: file.display().to_string(),
        format: "",
        records: 0,
        products: 0,
        deprecated: 0,
        refused: Vec::new(),
    };
    let mut stage = Stage::begin("公共目录 public catalogue", 0);
    let mut batch = Batcher::new(operator.clone());
    let mut refusals = BTreeMap::new();
    let mut importer = None;
    for item in reader.by_ref() {
        let record = match item.with_context(|| file.display().to_string())? {
            Ok(record) => record,
            Err(refused) => {
                report.records += 1;
                report.refused.push((refused.line, refused.code.to_string(), refused.to_string()));
                continue;
            }
        };
        report.records += 1;
        stage.advance(1);
        let merchant = match importer {
            Some(known) => known,
            None => {
                let id = PartyId::from(ids.id(0, &format!("catalogue operator {}", record.source.as_str()))?);
                let certify = commands::operator_of(record.source, ids.start())?;
                let answers = batch.push(id.into(), None, certify, Sent::Importer).await?;
                report.take(answers, &mut refusals)?;
                importer = Some(id);
                id
            }
        };
        if record.deprecated.is_some() {
            report.deprecated += 1;
        }
        for (id, command, sent) in commands::commands(&record, ids)? {
            let answers = batch.push(id, Some(merchant), command, sent).await?;
            report.take(answers, &mut refusals)?;
        }
    }
    let answers = batch.flush().await?;
    report.take(answers, &mut refusals)?;
    report.format = reader.format().map_or("unknown format", SourceFormat::as_str);
    report.refused.extend(refusals.into_iter().map(|(line, (code, words))| (line, code, words)));
    report.refused.sort();
    stage.end(&format!("{} of {} records listed", report.products, report.records));
    if report.products + report.refused.len() as u64 != report.records {
        bail!("{}: {} records are not accounted for", report.file, report.records);
    }
    Ok(report)
}

type Refusals = BTreeMap<u64, (String, String)>;

impl CatalogueReport {
    fn take(&mut self, answers: Vec<Answer<Sent>>, refusals: &mut Refusals) -> Result<()> {
        for Answer { tag, result } in answers {
            match (tag, result) {
                (Sent::Importer, Err(problem)) => bail!("the importer was refused: {problem}"),
                // Of a chain that was refused, the first refusal is the reason.
                (Sent::Part(line), Err(problem)) if !refusals.contains_key(&line) => {
                    refusals.insert(line, (problem.code.clone(), problem.to_string()));
                }
                (Sent::Product(line), Err(problem)) if !refusals.contains_key(&line) => {
                    refusals.insert(line, (problem.code.clone(), problem.to_string()));
                }
                (Sent::Product(_), Ok(_)) => self.products += 1,
                _ => {}
            }
        }
        Ok(())
    }

    /// The report of a file.
    pub(crate) fn render(&self) -> String {
        let mut text = String::new();
        // Writing into a string does not fail.
        let _ = writeln!(
            text,
            "Catalogue 目录: {} ({}): {} records = {} products + {} refused; free offers (price 0: public data); \
             {} deprecated, listed with ordering paused",
            self.file,
            self.format,
            self.records,
            self.products,
            self.refused.len(),
            self.deprecated
        );
        for (line, code, words) in &self.refused {
            let _ = writeln!(text, "  {}:{line}: {code}: {words}", self.file);
        }
        text
    }
}
