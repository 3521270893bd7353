//! Every sample of the OpenAPI document is valid under its own schema, and the real types read it.

use databourse_api::openapi;
use databourse_exchange::{HeadComparison, ReconcileReport};
use databourse_licensing::{GrantRefund, Licence, OrderLine, RecordDelivery};
use databourse_listing::{ListProduct, Offer, Product, PublishOffer, RegisterRight};
use databourse_market::{Certificate, DeliveryRecord, RefundRecord};
use databourse_party::{Anchor, LegalIdentifier, Missing, Proposal, RecordAnchor, Snapshot};
use databourse_primitives::{
    AmountMinor, Asset, BilingualText, BreakId, CertificateNumber, ChainAddress, ChainHash, Digest,
    DisputeId, EntryId, ExchangeCode, HoldId, Holder, InstructionId, KeyId, Label, LicenceId, Line, OfferId,
    OrderId, PartyId, ProductId, PublicKey, Quantity, Rate, RightId, ScheduleVersion, Timestamp, UnitPrice,
    VoucherId, WindowId,
};
use databourse_settlement::{
    AccountId, AgeBucket, Break, ChargeFee, DepositMoney, Dispute, Hold, IssueVoucher, OpenDispute, Pair,
    PublishSchedule, PublishTax, Schedule, ShareTree, TaxTable, Voucher, Window, WithdrawMoney,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

fn document() -> Value {
    serde_json::from_str(&openapi().to_json().unwrap()).unwrap()
}

/// The part of JSON Schema that the document uses.
fn check(document: &Value, schema: &Value, value: &Value, place: &str) -> Result<(), String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = document.pointer(&reference[1..]).unwrap();
        return check(document, target, value, place);
    }
    let fail = |what: &str| Err(format!("{place}: {what}: {value}"));
    for part in schema["allOf"].as_array().into_iter().flatten() {
        check(document, part, value, place)?;
    }
    for choice in ["oneOf", "anyOf"] {
        if let Some(parts) = schema[choice].as_array() {
            let count = parts.iter().filter(|part| check(document, part, value, place).is_ok()).count();
            if count != 1 {
                return fail(&format!("{count} of {choice}"));
            }
        }
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(name) => vec![name],
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let actual = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    if !types.is_empty() && !types.contains(&actual) {
        return fail(&format!("not {types:?}"));
    }
    if schema["enum"].as_array().is_some_and(|values| !values.contains(value)) {
        return fail("not one of the values");
    }
    let bound = |name: &str| schema[name].as_i64();
    if let Some(number) = value.as_i64()
        && (bound("minimum").is_some_and(|least| number < least)
            || bound("maximum").is_some_and(|most| number > most))
    {
        return fail("out of bounds");
    }
    if let Some(items) = value.as_array() {
        let length = i64::try_from(items.len()).unwrap();
        if bound("minItems").is_some_and(|least| length < least)
            || bound("maxItems").is_some_and(|most| length > most)
        {
            return fail("too few or many");
        }
        for (index, item) in items.iter().enumerate() {
            check(document, &schema["items"], item, &format!("{place}[{index}]"))?;
        }
    }
    let empty = Map::new();
    let properties = schema["properties"].as_object().unwrap_or(&empty);
    for (name, member) in value.as_object().into_iter().flatten() {
        match (properties.get(name), &schema["additionalProperties"]) {
            (Some(property), _) => check(document, property, member, &format!("{place}.{name}"))?,
            (None, Value::Object(_)) => {
                check(document, &schema["additionalProperties"], member, &format!("{place}.{name}"))?;
            }
            // Answers are held as strictly as requests, so that no member goes undocumented.
            (None, _) if !properties.is_empty() || schema["additionalProperties"] == false => {
                return Err(format!("{place}.{name}: undocumented"));
            }
            (None, _) => {}
        }
    }
    for name in schema["required"].as_array().into_iter().flatten() {
        if value.is_object() && value.get(name.as_str().unwrap()).is_none() {
            return fail(&format!("no {name}"));
        }
    }
    Ok(())
}

/// Holds an answer against the schema called `name`.
#[track_caller]
pub(crate) fn check_answer(name: &str, answer: &Value) {
    let document = document();
    let schema = &document["components"]["schemas"][name];
    assert!(schema.is_object(), "{name}");
    check(&document, schema, answer, name).unwrap();
}

fn sample<'a>(document: &'a Value, name: &str) -> &'a Value {
    let schema = &document["components"]["schemas"][name];
    let sample = schema.get("example").or_else(|| schema["examples"].get(0));
    sample.unwrap_or_else(|| panic!("{name} has no sample"))
}

#[test]
fn every_sample_is_valid_under_its_schema() {
    let document = document();
    let mut count = 0;
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        for sample in
            schema.get("example").into_iter().chain(schema["examples"].as_array().into_iter().flatten())
        {
            check(&document, schema, sample, name).unwrap();
            count += 1;
        }
    }
    assert!(count > 55, "{count}");
}

#[test]
fn every_body_of_a_command_has_a_sample() {
    let document = document();
    for (path, item) in document["paths"].as_object().unwrap() {
        let Some(operation) = item.get("post") else { continue };
        // Its body is a file of a bank, as it came.
        if path == "/v1/confirmations" {
            continue;
        }
        let reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].as_str();
        let name = reference.unwrap_or_else(|| panic!("{path}")).rsplit('/').next().unwrap();
        sample(&document, name);
    }
}

/// The real type reads the sample and writes it back; what it writes is valid under the schema.
fn check_type<T: Serialize + DeserializeOwned>(document: &Value, name: &str) {
    let value: T = serde_json::from_value(sample(document, name).clone())
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    let written = serde_json::to_value(&value).unwrap();
    check(document, &document["components"]["schemas"][name], &written, name).unwrap();
    if name != "ListProduct" && name != "Product" {
        assert_eq!(&written, sample(document, name), "{name} is written as its sample");
    }
}

/// A break as it is answered.
#[derive(Serialize, Deserialize)]
struct AgedBreak {
    #[serde(flatten)]
    found: Break,
    age: AgeBucket,
}

/// A proposal as it is answered.
#[derive(Serialize, Deserialize)]
struct WaitingProposal {
    #[serde(flatten)]
    proposal: Proposal,
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<Missing>,
}

macro_rules! check_types {
    ($document:expr; $($name:literal: $type:ty),* $(,)?) => {$(check_type::<$type>($document, $name);)*};
}

#[test]
fn the_real_types_read_the_samples_and_write_what_the_schemas_say() {
    let document = &document();
    check_types!(document;
        "EntryId": EntryId, "PartyId": PartyId, "RightId": RightId, "ProductId": ProductId, "OfferId": OfferId,
        "OrderId": OrderId, "LicenceId": LicenceId, "WindowId": WindowId, "ScheduleVersion": ScheduleVersion,
        "HoldId": HoldId, "VoucherId": VoucherId, "DisputeId": DisputeId, "BreakId": BreakId,
        "InstructionId": InstructionId, "Pair": Pair, "Holder": Holder,
        "CertificateNumber": CertificateNumber, "ExchangeCode": ExchangeCode, "AccountId": AccountId, "Asset": Asset,
        "UnitPrice": UnitPrice, "Rate": Rate, "Digest": Digest, "PublicKey": PublicKey, "KeyId": KeyId, "Label": Label,
        "Line": Line, "LegalIdentifier": LegalIdentifier, "Timestamp": Timestamp, "AmountMinor": AmountMinor,
        "Quantity": Quantity, "BilingualText": BilingualText,
        "RegisterRight": RegisterRight, "ListProduct": ListProduct, "Product": Product, "PublishOffer": PublishOffer,
        "Offer": Offer, "Licence": Licence, "RecordDelivery": RecordDelivery, "Delivery": DeliveryRecord,
        "GrantRefund": GrantRefund, "Refund": RefundRecord, "DepositMoney": DepositMoney, "WithdrawMoney": WithdrawMoney,
        "PublishSchedule": PublishSchedule, "Schedule": Schedule, "Window": Window, "Certificate": Certificate,
        "PublishTax": PublishTax, "TaxTable": TaxTable, "ShareTree": ShareTree, "ChargeFee": ChargeFee,
        "IssueVoucher": IssueVoucher, "Voucher": Voucher, "Hold": Hold, "OpenDispute": OpenDispute, "Dispute": Dispute,
        "Snapshot": Snapshot, "Break": AgedBreak, "HeadComparison": HeadComparison, "ReconcileReport": ReconcileReport,
        "MemberProposal": WaitingProposal, "ChainAddress": ChainAddress, "ChainHash": ChainHash,
        "RecordAnchor": RecordAnchor, "Anchor": Anchor,
    );
    let lines = &sample(document, "Purchase")["lines"];
    serde_json::from_value::<Vec<OrderLine>>(lines.clone()).unwrap();
}
