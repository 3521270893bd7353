//! Records as the real files have them, and records as they should not be.

use super::{super::gzip, *};
use std::io::Cursor;

const SOURCE: &str = r#"{"id":"delta-tides","name":{"zh":"三角洲潮位","en":"Delta Tides","vi":"x"},"description":{"zh":"逐时潮位","en":"Hourly tides"},"domains":["ocean"],"tags":["tide","潮位","tide"],"update_frequency":"daily","data_url":"https://example.org/tides","website":"https://example.org","api_url":null,"authority_level":"research"}"#;
const LISTING: &str = r#"{"slug":"delta-lidar","Name":"Delta Lidar ","Description":"Point clouds\r\n","Documentation":"See [here](https://example.org/lidar).","ManagedBy":"[Survey](https://example.org/)","UpdateFrequency":"Never\n","Tags":["lidar"],"License":"CC0","Resources":[{"ARN":"arn"}],"Deprecated":true}"#;

fn read(text: &str) -> Vec<Item<CatalogueRecord>> {
    CatalogueReader::new(gzip::decompressed(Cursor::new(text.as_bytes().to_vec())).unwrap()).collect()
}

fn record(text: &str) -> CatalogueRecord {
    read(text).remove(0).unwrap().unwrap()
}

/// Replaces `from` in the second of two good records: it must be refused at line 2 and the third still be read.
#[track_caller]
fn check(good: &str, from: &str, to: &str, code: RecordCode, field: &str) {
    assert!(good.contains(from), "{from} is in the record");
    let items = read(&format!("{good}\n{}\n{good}\n", good.replace(from, to)));
    assert_eq!(items.len(), 3);
    let refused = items[1].as_ref().unwrap().as_ref().unwrap_err();
    assert_eq!((refused.line, refused.code, &*refused.field), (2, code, field), "{to}");
    assert_eq!(items[2].as_ref().unwrap().as_ref().unwrap().line, 3);
}

#[test]
fn a_source_keeps_both_languages() {
    let source = record(SOURCE);
    assert_eq!(source.source, SourceFormat::FirstData);
    assert_eq!(source.reference.as_str(), "delta-tides");
    assert_eq!((source.title.zh(), source.title.en()), (Some("三角洲潮位"), Some("Delta Tides")));
    assert_eq!(source.publisher, source.title);
    assert_eq!(source.keywords.len(), 2, "a repeated keyword is kept once");
    assert_eq!(source.themes[0].as_str(), "ocean");
    let words: Vec<String> = source.details().keywords.iter().map(Line::to_string).collect();
    assert_eq!(words, ["tide", "潮位", "ocean"]);
    assert_eq!(source.landing_page.unwrap().as_str(), "https://example.org/tides");
    assert_eq!(source.digest, Digest::of(SOURCE.as_bytes()));
    assert_eq!((source.kind, source.shortened), (ProductKind::Dataset, false));
    let service = record(&SOURCE.replace("\"api_url\":null", "\"api_url\":\"https://example.org/api\""));
    assert_eq!(service.kind, ProductKind::ApiService);
    let without =
        record(&SOURCE.replace("\"api_url\":null,", "").replace("\"tide\",\"潮位\"", "\"统计年鉴\""));
    assert_eq!(without.kind, ProductKind::Report);
    let one_language = record(&SOURCE.replace("\"zh\":\"三角洲潮位\",", "\"zh\":\" \","));
    assert_eq!((one_language.title.zh(), one_language.title.any()), (None, "Delta Tides"));
}

#[test]
fn a_listing_is_read_without_its_markup() {
    let listing = record(LISTING);
    assert_eq!((listing.line, listing.source), (1, SourceFormat::OpenDataRegistry));
    assert_eq!(listing.title.en(), Some("Delta Lidar"));
    assert_eq!(listing.description.en(), Some("Point clouds"));
    assert_eq!(listing.publisher.en(), Some("Survey"));
    assert_eq!(listing.update_frequency.unwrap().as_str(), "Never");
    assert_eq!(listing.landing_page.unwrap().as_str(), "https://example.org/lidar");
    assert_eq!(listing.licence_text.as_deref(), Some("CC0"));
    assert!(listing.deprecated.is_some() && !listing.shortened);
    let licence = "terms of use\\n".repeat(30);
    let details = record(&LISTING.replace("CC0", &licence)).details();
    assert!(details.source_licence.unwrap().as_str().ends_with('…'));
    let long = record(&LISTING.replace("Point clouds", &"云".repeat(5_000)));
    assert!(long.shortened);
    assert_eq!(long.description.any().chars().count(), BilingualText::CHARACTERS_MAX);
}

#[test]
fn a_bad_record_is_refused_with_its_line_and_the_rest_is_read() {
    check(SOURCE, "{\"id\"", "{\"id", RecordCode::NotJson, "");
    check(SOURCE, SOURCE, "[1]", RecordCode::NotJson, "");
    check(SOURCE, SOURCE, "{}", RecordCode::FieldMissing, "id");
    check(SOURCE, "\"delta-tides\"", "7", RecordCode::FieldInvalid, "id");
    check(SOURCE, "\"tags\":[", "\"tags\":[1,", RecordCode::FieldInvalid, "tags");
    check(SOURCE, "\"description\"", "\"other\"", RecordCode::FieldMissing, "description");
    check(SOURCE, "\"id\"", "\"id\":\"x\",\"id\"", RecordCode::NotJson, "");
    check(LISTING, "\"Delta Lidar \"", "\"\\u0000 \"", RecordCode::FieldMissing, "Name");
    check(LISTING, "\"Delta Lidar \"", "\"\\ud800\"", RecordCode::FieldInvalid, "Name");
    check(LISTING, "\"Deprecated\":true", "\"Deprecated\":\"yes\"", RecordCode::FieldInvalid, "Deprecated");
    check(LISTING, "delta-lidar", &"s".repeat(301), RecordCode::FieldInvalid, "slug");
    check(LISTING, "\"ManagedBy\"", "\"x\"", RecordCode::FieldMissing, "ManagedBy");
    check(LISTING, LISTING, SOURCE, RecordCode::FieldMissing, "slug");
}

#[test]
fn the_first_readable_record_reveals_the_format() {
    let items = read(&format!("oops\n{LISTING}\n"));
    assert_eq!(items[0].as_ref().unwrap().as_ref().unwrap_err().code, RecordCode::NotJson);
    assert!(items[1].as_ref().unwrap().is_ok());
}

#[test]
fn a_file_of_neither_format_is_given_up() {
    for (text, refused, line) in
        [("", 0, 1), ("{\"a\":1}\n", 1, 1), ("a,b\n1,2\n", 2, 2), (&"{}\n".repeat(99), 10, 10)]
    {
        let mut items = read(text);
        let last = items.pop().unwrap();
        assert!(matches!(last, Err(FileError::FormatUnknown { line: at, .. }) if at == line), "{text:?}");
        assert_eq!(items.len(), refused);
        assert!(items.into_iter().all(|item| item.unwrap().is_err()));
    }
}
