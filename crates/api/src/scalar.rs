//! Schemas of the words that all bodies share. The types themselves live in `primitives`, which knows no OpenAPI; a
//! test holds each sample against the real type.

use serde_json::json;
use std::borrow::Cow;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat,
        schema::{SchemaType, Type},
    },
};

/// A UUIDv7 in its one spelling.
const UUID_V7: &str = "^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$";
const SAMPLE_ID: &str = "019aa2b4-5c00-7000-8000-000000000001";

macro_rules! named {
    ($schema:ident, $name:literal, $build:expr) => {
        #[derive(Debug)]
        pub(crate) struct $schema;

        impl PartialSchema for $schema {
            fn schema() -> RefOr<Schema> {
                let build: fn() -> ObjectBuilder = || $build;
                build().into()
            }
        }

        impl ToSchema for $schema {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed($name)
            }
        }
    };
}

fn string(doc: &str, pattern: Option<&str>, example: &str) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(doc))
        .pattern(pattern)
        .examples([json!(example)])
}

macro_rules! strings {
    ($($schema:ident = $name:literal, $pattern:expr, $example:expr, $doc:literal;)*) => {
        $(named!($schema, $name, string($doc, $pattern, $example));)*

        /// Every schema of this file, by name.
        pub(crate) fn all() -> Vec<(String, RefOr<Schema>)> {
            vec![
                $(($name.to_owned(), $schema::schema()),)*
                ("Timestamp".to_owned(), TimestampText::schema()),
                ("AmountMinor".to_owned(), AmountMinorNumber::schema()),
                ("Quantity".to_owned(), QuantityNumber::schema()),
                ("BilingualText".to_owned(), BilingualTextObject::schema()),
            ]
        }
    };
}

strings! {
    EntryIdText = "EntryId", Some(UUID_V7), SAMPLE_ID, "An entry: a UUIDv7 chosen by its author; also the idempotency key.";
    PartyIdText = "PartyId", Some(UUID_V7), SAMPLE_ID, "A certified party: the id of its `party.certify` entry.";
    RightIdText = "RightId", Some(UUID_V7), SAMPLE_ID, "A registered right: the id of its `right.register` entry.";
    ProductIdText = "ProductId", Some(UUID_V7), SAMPLE_ID, "A product: the id of its `product.list` entry.";
    OfferIdText = "OfferId", Some(UUID_V7), SAMPLE_ID, "An offer: the id of its `offer.publish` entry.";
    OrderIdText = "OrderId", Some(UUID_V7), SAMPLE_ID, "An order: the id of its `order.place` entry.";
    HoldIdText = "HoldId", Some(UUID_V7), SAMPLE_ID, "Held money: the id of the order or dispute that holds it.";
    VoucherIdText = "VoucherId", Some(UUID_V7), SAMPLE_ID, "An innovation voucher: the id of its `voucher.issue` entry.";
    DisputeIdText = "DisputeId", Some(UUID_V7), SAMPLE_ID, "A dispute: the id of its `dispute.open` entry.";
    BreakIdText = "BreakId", Some(UUID_V7), SAMPLE_ID, "A break in a settlement window: the id of its `break.open` entry.";
    LicenceIdText = "LicenceId", Some("^[0-9a-f-]{36}\\.[1-9][0-9]*$"), "019aa2b4-5c00-7000-8000-000000000001.1",
        "A licence: `<order>.<line>`, lines from 1.";
    WindowIdText = "WindowId", Some("^[A-Z]{3,8}/[0-9]#[1-9][0-9]*$"), "CNY/2#7",
        "A settlement window: `<asset>#<number>`; in paths `/v1/windows/CNY-2/7`.";
    InstructionIdText = "InstructionId", Some("^[A-Z]{3,8}/[0-9]#[1-9][0-9]*/[1-9][0-9]*$"), "CNY/2#7/1",
        "A payment between exchanges: `<window>/<number>`.";
    ScheduleVersionText = "ScheduleVersion", Some("^[A-Z]{3,8}/[0-9]@[1-9][0-9]*$"), "CNY/2@1",
        "A fee schedule: `<asset>@<version>`; in paths `/v1/schedules/CNY-2/1`.";
    CertificateNumberText = "CertificateNumber", Some("^[a-z][a-z0-9]{1,7}-[0-9]{4}-[0-9]{8,}$"), "sh-2026-00000042",
        "A certificate: exchange, year and sequence.";
    ExchangeCodeText = "ExchangeCode", Some("^[a-z][a-z0-9]{1,7}$"), "sh", "An exchange.";
    PairText = "Pair", Some("^[a-z][a-z0-9]{1,7}~[a-z][a-z0-9]{1,7}$"), "js~sh",
        "Two exchanges, the lesser code first; one of them twice for money that stays in its book.";
    HolderText = "Holder", Some("^(exchange|party):[0-9a-z-]+$"), "exchange:sh",
        "Whose it is: `exchange:<code>` or `party:<id>`.";
    AccountIdText = "AccountId",
        Some("^(exchange|party):[0-9a-z-]+:(funds|voucher|tax|fees|bank|clearing|difference):[A-Z]{3,8}/[0-9]$"),
        "exchange:sh:bank:CNY/2", "An account: holder, purpose and asset; in paths with `-` for the asset's `/`.";
    AssetText = "Asset", Some("^[A-Z]{3,8}/[0-9]$"), "CNY/2", "A currency and the decimals of its minor unit.";
    UnitPriceText = "UnitPrice", Some("^[0-9]+(\\.[0-9]{1,9})?$"), "12.50",
        "A price in major units, as a decimal string; at most as many decimals as the asset has.";
    RateText = "Rate", Some("^[01](\\.[0-9]{1,9})?$"), "0.025", "A share from 0 to 1, as a decimal string.";
    DigestText = "Digest", Some("^sha256:[0-9a-f]{64}$"),
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "A SHA-256 digest.";
    ChainAddressText = "ChainAddress", Some("^0x[0-9a-f]{40}$"), "0x5fbdb2315678afecb367f032d93f642f64180aa3",
        "An account or contract on an EVM chain, in lower case.";
    ChainHashText = "ChainHash", Some("^0x[0-9a-f]{64}$"),
        "0x0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a", "A transaction, or another Keccak-256.";
    PublicKeyText = "PublicKey", Some("^ed25519:[A-Za-z0-9_-]{43}$"), "ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        "An Ed25519 public key in base64url.";
    KeyIdText = "KeyId", Some("^[A-Za-z0-9_-]{43}$"), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
        "A key's name: its RFC 7638 thumbprint.";
    LabelText = "Label", Some("^[A-Za-z0-9._:/-]{1,64}$"), "model-training",
        "A short name of 1 to 64 letters, digits or `. _ : / -`.";
    LineText = "Line", Some("^[^\\s]([^\\r\\n]{0,298}[^\\s])?$"), "One line of text",
        "One line of 1 to 300 characters without control characters or outer spaces.";
    LegalIdentifierText = "LegalIdentifier", Some("^(uscc:[0-9A-Z]{18}|ext:[A-Za-z0-9._:/-]{1,64})$"), "ext:uci-retail:17850",
        "Who a party is in law: `uscc:` and a unified social credit code (GB 32100-2015), or `ext:` and a label.";
}

named!(TimestampText, "Timestamp", {
    string(
        "A time in RFC 3339 with at most milliseconds, 1970 to 9999; answers are in UTC.",
        None,
        "2026-11-22T02:47:32.123Z",
    )
    .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
});

fn integer(doc: &str, minimum: u64, maximum: u64, example: u64) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .description(Some(doc))
        .minimum(Some(minimum))
        .maximum(Some(maximum))
        .examples([json!(example)])
}

named!(AmountMinorNumber, "AmountMinor", {
    integer("An amount in minor units of its asset.", 0, 9_007_199_254_740_991, 1250)
});
named!(QuantityNumber, "Quantity", integer("A number of units.", 1, 1_000_000_000, 3));

named!(BilingualTextObject, "BilingualText", {
    let words = |doc: &str| {
        ObjectBuilder::new()
            .schema_type(SchemaType::Type(Type::String))
            .description(Some(doc))
            .min_length(Some(1))
            .max_length(Some(4000))
    };
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .description(Some("The same words in Chinese, English or both; at least one."))
        .property("zh", words("In Chinese."))
        .property("en", words("In English."))
        .min_properties(Some(1))
        .additional_properties(Some(utoipa::openapi::schema::AdditionalProperties::FreeForm(false)))
        .examples([json!({ "zh": "上海气象数据", "en": "Shanghai weather data" })])
});
