//! A record of awslabs/open-data-registry: a data set listing in English.

use super::{
    super::{
        error::RecordError,
        lines::TextLine,
        text::{Fitter, first_url, without_links},
    },
    CatalogueRecord, SourceFormat, member, missing, object, reference,
};
use databourse_listing::{DataClass, ProductKind};
use databourse_primitives::Digest;
use serde::Deserialize;
use serde_json::value::RawValue;

const DEPRECATED: &str = "The source marks this listing as deprecated.";

#[derive(Deserialize)]
struct Members<'a> {
    #[serde(borrow)]
    slug: Option<&'a RawValue>,
    #[serde(borrow, rename = "Name")]
    name: Option<&'a RawValue>,
    #[serde(borrow, rename = "Description")]
    description: Option<&'a RawValue>,
    #[serde(borrow, rename = "Documentation")]
    documentation: Option<&'a RawValue>,
    #[serde(borrow, rename = "ManagedBy")]
    managed_by: Option<&'a RawValue>,
    #[serde(borrow, rename = "UpdateFrequency")]
    update_frequency: Option<&'a RawValue>,
    #[serde(borrow, rename = "Tags")]
    tags: Option<&'a RawValue>,
    #[serde(borrow, rename = "License")]
    licence: Option<&'a RawValue>,
    #[serde(borrow, rename = "Deprecated")]
    deprecated: Option<&'a RawValue>,
}

/// Reads one line. Storage places (`Resources`) are left out: they are how to fetch, not what it is.
pub(super) fn record(line: TextLine<'_>) -> Result<CatalogueRecord, RecordError> {
    const TEXT: &str = "a text";
    let members: Members<'_> = object(line)?;
    let mut fitter = Fitter::default();
    let text = |field, value| member::<String>(line, field, value, TEXT);

    let reference = reference(line, "slug", text("slug", members.slug)?)?;
    let name = text("Name", members.name)?.map(|name| without_links(&name));
    let title = fitter.bilingual(None, name.as_deref()).ok_or(missing(line, "Name", TEXT))?;
    let words = text("Description", members.description)?;
    let description = fitter.bilingual(None, words.as_deref()).ok_or(missing(line, "Description", TEXT))?;
    let manager = text("ManagedBy", members.managed_by)?.map(|name| without_links(&name));
    let publisher = fitter.bilingual(None, manager.as_deref()).ok_or(missing(line, "ManagedBy", TEXT))?;
    let documentation = text("Documentation", members.documentation)?;
    let frequency = text("UpdateFrequency", members.update_frequency)?;
    let licence = text("License", members.licence)?;
    let tags: Vec<String> = member(line, "Tags", members.tags, "a list of texts")?.unwrap_or_default();
    let deprecated: Option<bool> = member(line, "Deprecated", members.deprecated, "true or false")?;

    Ok(CatalogueRecord {
        line: line.number,
        source: SourceFormat::OpenDataRegistry,
        reference,
        title,
        description,
        kind: ProductKind::Dataset,
        data_class: DataClass::Public,
        themes: Vec::new(),
        keywords: fitter.words(&tags),
        update_frequency: frequency.and_then(|text| fitter.line(&text)),
        publisher,
        licence_text: licence.and_then(|text| fitter.text(&text)),
        landing_page: documentation.as_deref().and_then(first_url).and_then(|url| url.parse().ok()),
        digest: Digest::of(line.text.as_bytes()),
        deprecated: deprecated.filter(|marked| *marked).and_then(|_| DEPRECATED.parse().ok()),
        shortened: fitter.shortened,
    })
}
