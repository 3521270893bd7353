//! A record of MLT-OSS/FirstData: a public data source with Chinese and English texts.

use super::{
    super::{
        error::RecordError,
        lines::TextLine,
        text::{Fitter, first_url},
    },
    CatalogueRecord, SourceFormat, member, missing, object, reference,
};
use databourse_listing::{DataClass, ProductKind};
use databourse_primitives::{Digest, Line};
use serde::Deserialize;
use serde_json::value::RawValue;

/// A keyword with one of these in it marks a source whose product is yearbooks or reports.
const REPORT_MARKS: [&str; 4] = ["yearbook", "report", "年鉴", "报告"];

#[derive(Deserialize)]
struct Members<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    name: Option<&'a RawValue>,
    #[serde(borrow)]
    description: Option<&'a RawValue>,
    #[serde(borrow)]
    domains: Option<&'a RawValue>,
    #[serde(borrow)]
    tags: Option<&'a RawValue>,
    #[serde(borrow)]
    update_frequency: Option<&'a RawValue>,
    #[serde(borrow)]
    website: Option<&'a RawValue>,
    #[serde(borrow)]
    data_url: Option<&'a RawValue>,
    #[serde(borrow)]
    api_url: Option<&'a RawValue>,
}

/// Other languages, which a few records have, are passed over.
#[derive(Deserialize, Default)]
struct Words {
    zh: Option<String>,
    en: Option<String>,
}

/// Reads one line. The source is its own publisher: its name is that of the body that runs it.
pub(super) fn record(line: TextLine<'_>) -> Result<CatalogueRecord, RecordError> {
    const LANGUAGES: &str = "an object with text in `zh`, `en` or both";
    const LIST: &str = "a list of texts";
    const TEXT: &str = "a text";
    const ADDRESS: &str = "a web address or null";
    let members: Members<'_> = object(line)?;
    let mut fitter = Fitter::default();

    let id: Option<String> = member(line, "id", members.id, TEXT)?;
    let reference = reference(line, "id", id)?;
    let name: Words = member(line, "name", members.name, LANGUAGES)?.unwrap_or_default();
    let title =
        fitter.bilingual(name.zh.as_deref(), name.en.as_deref()).ok_or(missing(line, "name", LANGUAGES))?;
    let words: Words = member(line, "description", members.description, LANGUAGES)?.unwrap_or_default();
    let description = fitter.bilingual(words.zh.as_deref(), words.en.as_deref()).ok_or(missing(
        line,
        "description",
        LANGUAGES,
    ))?;
    let domains: Vec<String> = member(line, "domains", members.domains, LIST)?.unwrap_or_default();
    let tags: Vec<String> = member(line, "tags", members.tags, LIST)?.unwrap_or_default();
    let frequency: Option<String> = member(line, "update_frequency", members.update_frequency, TEXT)?;
    let website: Option<String> = member(line, "website", members.website, ADDRESS)?;
    let data_url: Option<String> = member(line, "data_url", members.data_url, ADDRESS)?;
    let api_url: Option<String> = member(line, "api_url", members.api_url, ADDRESS)?;

    let keywords = fitter.words(&tags);
    Ok(CatalogueRecord {
        line: line.number,
        source: SourceFormat::FirstData,
        reference,
        publisher: title.clone(),
        title,
        description,
        kind: kind(api_url.as_deref(), &keywords),
        data_class: DataClass::Public,
        themes: fitter.words(&domains),
        keywords,
        update_frequency: frequency.and_then(|text| fitter.line(&text)),
        licence_text: None,
        landing_page: [data_url, website]
            .iter()
            .flatten()
            .find_map(|text| first_url(text))
            .and_then(|url| url.parse().ok()),
        digest: Digest::of(line.text.as_bytes()),
        deprecated: None,
        shortened: fitter.shortened,
    })
}

fn kind(api_url: Option<&str>, keywords: &[Line]) -> ProductKind {
    let is_report = |word: &Line| REPORT_MARKS.iter().any(|mark| word.as_str().contains(mark));
    if api_url.is_some_and(|url| first_url(url).is_some()) {
        ProductKind::ApiService
    } else if keywords.iter().any(is_report) {
        ProductKind::Report
    } else {
        ProductKind::Dataset
    }
}
