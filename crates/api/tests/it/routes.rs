//! Coverage lists: every route and who may call it. A change of either changes a committed file, so that it is seen.

use databourse_api::{Access, openapi, routes};
use serde_json::Value;
use std::{collections::BTreeSet, fmt::Write as _};

/// Not in the OpenAPI document: pages for people and the document itself.
const UNDOCUMENTED: [&str; 8] = [
    "/openapi.json",
    "/docs",
    "/docs/",
    "/docs/{*rest}",
    "/verify",
    "/verify/{number}",
    "/verify/assets/{file}",
    "/verify.html",
];

#[test]
fn routes_and_roles_are_those_of_the_committed_list() {
    let mut list =
        String::from("# method path roles; written by crates/api/tests/it/routes.rs with UPDATE=1\n");
    for route in routes() {
        let roles = match route.access {
            Access::Everybody => "everybody".to_owned(),
            Access::Roles(roles) => roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(" "),
        };
        writeln!(list, "{:4} {:45} {roles}", route.method, route.path).unwrap();
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/routes.txt");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &list).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), list, "run with UPDATE=1 and review the change");
}

fn document() -> Value {
    serde_json::from_str(&openapi().to_json().unwrap()).unwrap()
}

#[test]
fn every_route_is_documented_and_every_documented_operation_is_a_route() {
    let document = document();
    let mut documented = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            documented.insert((method.to_uppercase(), path.clone()));
        }
    }
    let listed: BTreeSet<_> = routes()
        .iter()
        .filter(|route| !UNDOCUMENTED.contains(&route.path))
        .map(|route| (route.method.to_owned(), route.path.replace("{*", "{")))
        .collect();
    assert_eq!(documented, listed);
}

#[test]
fn every_operation_has_a_name_of_its_own_a_tag_security_and_problems() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    let tags: BTreeSet<_> =
        document["tags"].as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap()).collect();
    let mut names = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let place = format!("{method} {path}");
            assert!(names.insert(operation["operationId"].as_str().unwrap().to_owned()), "{place}");
            let tag = operation["tags"][0].as_str().unwrap();
            assert!(tags.contains(tag), "{place} has the tag {tag}");
            assert!(operation["security"].is_array(), "{place}");
            assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{place}");
            let responses = operation["responses"].as_object().unwrap();
            for status in ["400", "401", "500", "503"] {
                assert!(responses.contains_key(status), "{place} has no {status}");
            }
            for (status, response) in responses {
                let problem = response["content"].get("application/problem+json").is_some();
                assert_eq!(problem, status.as_str() >= "400", "{place} {status}");
            }
            if method == "post" {
                assert!(operation["requestBody"].is_object(), "{place}");
            }
        }
    }
}

#[test]
fn every_reference_leads_somewhere() {
    fn walk(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
                members.values().for_each(|value| walk(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| walk(value, found)),
            _ => {}
        }
    }
    let document = document();
    let mut references = BTreeSet::new();
    walk(&document, &mut references);
    assert!(references.len() > 50);
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}
