//! The commands that a catalogue record becomes.

use super::Sent;
use crate::{
    import::catalogue::{CatalogueRecord, SourceFormat},
    play::ids::Ids,
};
use anyhow::{Result, anyhow};
use databourse_listing::{
    DataClass, Interest, ListProduct, PauseProduct, Pricing, PublishOffer, RegisterRight, Terms,
};
use databourse_market::Command;
use databourse_party::{CertifyParty, Role};
use databourse_primitives::{BilingualText, Digest, EntryId, Label, Line, ProductId, RightId, Timestamp};

/// How long an importer stays certified: ten years.
const TERM_MS: i64 = 10 * 365 * 86_400_000;

fn label(text: &str) -> Result<Label> {
    text.parse().map_err(|error| anyhow!("`{text}`: {error}"))
}

/// The importer of a catalogue, a merchant of its own.
pub(super) fn operator_of(source: SourceFormat, start: Timestamp) -> Result<CertifyParty> {
    let (zh, en) = match source {
        SourceFormat::FirstData => {
            ("FirstData 目录导入方（演示）", "FirstData catalogue importer (demonstration)")
        }
        SourceFormat::OpenDataRegistry => {
            ("开放数据登记目录导入方（演示）", "Open data registry catalogue importer (demonstration)")
        }
    };
    Ok(CertifyParty {
        legal_name: BilingualText::new(Some(zh), Some(en)).map_err(|error| anyhow!("{error}"))?,
        legal_identifier: format!("ext:catalogue:{}", source.as_str())
            .parse()
            .map_err(|error| anyhow!("{error}"))?,
        roles: [Role::Supplier].into(),
        home_region: label("CN-SH")?,
        keys: Vec::new(),
        entrusts_exchange: true,
        valid_until: start.plus_ms(TERM_MS),
    })
}

pub(super) type Planned = (EntryId, Command, Sent);

/// Right, product, and offer or pause of a record.
pub(super) fn commands(record: &CatalogueRecord, ids: &Ids) -> Result<Vec<Planned>> {
    let (at, source) = (record.line, record.source.as_str());
    let name = format!("{source} {} line {at}", record.reference);
    let right = RightId::from(ids.id(at, &format!("right {name}"))?);
    let product = ProductId::from(ids.id(at, &format!("product {name}"))?);
    let mut planned: Vec<Planned> = vec![
        (right.into(), right_of(record)?.into(), Sent::Part(at)),
        (product.into(), ListProduct { right, details: record.details() }.into(), Sent::Product(at)),
    ];
    let last = ids.id(at, &format!("offer or pause {name}"))?;
    let command = match &record.deprecated {
        Some(reason) => PauseProduct { product, reason: Some(reason.clone()) }.into(),
        None => free_offer(product)?.into(),
    };
    planned.push((last, command, Sent::Part(at)));
    Ok(planned)
}

fn right_of(record: &CatalogueRecord) -> Result<RegisterRight> {
    let publisher = record.publisher.any();
    let statement = |text: String| text.chars().take(BilingualText::CHARACTERS_MAX).collect::<String>();
    let zh = statement(format!(
        "公开目录 {} 的条目“{}”，发布方：{publisher}。仅登记目录信息，数据仍归发布方。",
        record.source.as_str(),
        record.reference
    ));
    let en = statement(format!(
        "Entry `{}` of the public catalogue {}, published by {publisher}. Only the catalogue entry is registered here; \
         the data stay with their publisher.",
        record.reference,
        record.source.as_str()
    ));
    let terms =
        record.licence_text.as_deref().map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "));
    let terms = terms.filter(|text| !text.is_empty()).unwrap_or_else(|| "no licence stated".to_owned());
    let authorisation =
        format!("public catalogue {}, licence of the source: {terms}", record.source.as_str());
    let mut authorisation: String = authorisation.chars().take(Line::CHARACTERS_MAX).collect();
    authorisation.truncate(authorisation.trim_end().len());
    Ok(RegisterRight {
        interests: [Interest::ProcessingAndUse, Interest::ProductOperation].into(),
        data_class: record.data_class,
        source: source_label(record)?,
        source_statement: BilingualText::new(Some(&zh), Some(&en)).map_err(|error| anyhow!("{error}"))?,
        authorisation: (record.data_class == DataClass::Public)
            .then(|| authorisation.parse::<Line>())
            .transpose()
            .map_err(|error| anyhow!("line {}: authorisation: {error}", record.line))?,
        valid_until: None,
    })
}

/// The source's name as a label; one that is no label is named by its digest.
fn source_label(record: &CatalogueRecord) -> Result<Label> {
    let plain = format!("{}:{}", record.source.as_str(), record.reference);
    match plain.parse() {
        Ok(label) => Ok(label),
        Err(_) => {
            let digest = Digest::of(record.reference.as_str().as_bytes()).to_string();
            let short: String = digest.chars().take("sha256:".len() + 32).collect();
            label(&format!("{}:{short}", record.source.as_str()))
        }
    }
}

fn free_offer(product: ProductId) -> Result<PublishOffer> {
    let purposes = ["research", "model_training", "public_service", "commercial"];
    Ok(PublishOffer {
        product,
        asset: "CNY/2".parse().map_err(|error| anyhow!("{error}"))?,
        pricing: Pricing::OneOff,
        unit_price: "0".parse().map_err(|error| anyhow!("{error}"))?,
        terms: Terms {
            purposes: purposes.into_iter().map(label).collect::<Result<_>>()?,
            term_days: 365,
            territory: label("worldwide")?,
            usable_not_visible: false,
            exclusive: false,
            quantity_max: Some(1),
        },
        audience: None,
        valid_until: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use databourse_listing::ProductKind;

    fn record(reference: &str, licence: Option<&str>, deprecated: Option<&str>) -> CatalogueRecord {
        let words = BilingualText::new(Some("气象"), Some("Weather")).unwrap();
        CatalogueRecord {
            line: 3,
            source: SourceFormat::OpenDataRegistry,
            reference: reference.parse().unwrap(),
            title: words.clone(),
            description: words.clone(),
            kind: ProductKind::Dataset,
            data_class: DataClass::Public,
            themes: Vec::new(),
            keywords: Vec::new(),
            update_frequency: None,
            publisher: words,
            licence_text: licence.map(str::to_owned),
            landing_page: None,
            digest: Digest::of(b""),
            deprecated: deprecated.map(|text| text.parse().unwrap()),
            shortened: false,
        }
    }

    #[test]
    fn a_record_becomes_right_product_and_free_offer_or_pause() {
        let ids = Ids::new(1, Timestamp::EPOCH);
        let types = |record: &CatalogueRecord| {
            let commands = commands(record, &ids).unwrap();
            commands.iter().map(|(_, command, _)| command.entry_type()).collect::<Vec<_>>()
        };
        assert_eq!(types(&record("x", None, None)), ["right.register", "product.list", "offer.publish"]);
        assert_eq!(
            types(&record("x", None, Some("old"))),
            ["right.register", "product.list", "product.pause"]
        );
    }

    #[test]
    fn any_reference_and_licence_text_makes_a_valid_right() {
        let long = "CC BY\n 4.0 ".repeat(400);
        for (reference, licence) in
            [("noaa-ghcn", None), ("含 空格 的 名称", Some(long.as_str())), ("x", Some(" "))]
        {
            let right = right_of(&record(reference, licence, None)).unwrap();
            assert!(right.authorisation.unwrap().as_str().starts_with("public catalogue open-data-registry"));
        }
    }
}
