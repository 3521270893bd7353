//! From the claims of a provider to who is signed in: a party with its roles, or one of the exchange's people.

use super::SignInConfig;
use crate::lang::Lang;
use databourse_api::token::{Subject, TokenRole};
use databourse_primitives::ExchangeCode;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// The most characters of a name.
const NAME_CHARS_MAX: usize = 100;

/// The claims of an ID token.
pub(super) type Claims = Map<String, Value>;

/// Who is signed in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) subject: Subject,
    /// What the provider calls them.
    pub(super) name: String,
    /// At least one.
    pub(super) roles: BTreeSet<TokenRole>,
}

/// Why somebody whom the provider knows cannot sign in here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unfit {
    /// The provider gives no role.
    NoRoles,
    /// The provider gives the role of operator, at another exchange.
    Elsewhere,
    /// A party is no operator.
    PartyOperates,
    /// Merchants and buyers are parties, and the provider names none.
    NoParty,
    /// The provider names a party that cannot be.
    BadParty,
    /// Nothing that the provider says can be a person's name in the ledger.
    BadName,
}

/// Who the claims are of.
///
/// # Errors
/// [`Unfit`].
pub(super) fn identify(
    claims: &Claims,
    config: &SignInConfig,
    exchange: &ExchangeCode,
    lang: Lang,
) -> Result<Identity, Unfit> {
    let mut roles = roles(claim(claims, &config.roles_claim));
    let party =
        claim(claims, &config.party_claim).filter(|party| !party.is_null() && party.as_str() != Some(""));
    let subject = if let Some(party) = party {
        if roles.contains(&TokenRole::Operator) {
            return Err(Unfit::PartyOperates);
        }
        Subject::Party(party.as_str().and_then(|party| party.parse().ok()).ok_or(Unfit::BadParty)?)
    } else {
        if roles.contains(&TokenRole::Merchant) || roles.contains(&TokenRole::Buyer) {
            return Err(Unfit::NoParty);
        }
        let exchanges = claim(claims, &config.exchange_claim).filter(|exchanges| !exchanges.is_null());
        let is_ours =
            exchanges.is_none_or(|exchanges| texts(exchanges).any(|code| code == exchange.as_str()));
        if !is_ours && roles.remove(&TokenRole::Operator) && roles.is_empty() {
            return Err(Unfit::Elsewhere);
        }
        person(claims).ok_or(Unfit::BadName)?
    };
    if roles.is_empty() {
        return Err(Unfit::NoRoles);
    }
    let name = name(claims, lang).unwrap_or_else(|| subject.to_string());
    Ok(Identity { subject, name, roles })
}

/// The claim `name`, which is a JSON Pointer if it begins with `/`.
fn claim<'a>(claims: &'a Claims, name: &str) -> Option<&'a Value> {
    let Some(path) = name.strip_prefix('/') else { return claims.get(name) };
    let (first, rest) = path.split_at(path.find('/').unwrap_or(path.len()));
    claims.get(&first.replace("~1", "/").replace("~0", "~"))?.pointer(rest)
}

/// One text, or several.
fn texts(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice).iter().filter_map(Value::as_str)
}

/// A provider may give roles that are none of ours.
fn roles(value: Option<&Value>) -> BTreeSet<TokenRole> {
    let named = |name: &str| TokenRole::ALL.into_iter().find(|role| role.as_str() == name);
    value.into_iter().flat_map(texts).filter_map(named).collect()
}

/// A person is never called as a party is: who chooses their own name at the provider would choose whom they act for.
fn person(claims: &Claims) -> Option<Subject> {
    let names = ["preferred_username", "sub"].into_iter().filter_map(|name| claims.get(name)?.as_str());
    names.filter_map(|name| Subject::parse(name).ok()).find(|subject| matches!(subject, Subject::Person(_)))
}

/// A name to show, in the reader's language if the provider has it (OpenID Connect Core 1.0 §5.2).
fn name(claims: &Claims, lang: Lang) -> Option<String> {
    let names = lang.pick(["name#zh-Hans", "name#zh-CN", "name#zh"], ["name#en", "name#en-GB", "name#en-US"]);
    let names = names.into_iter().chain(["name", "preferred_username"]);
    let clean = |name: &str| {
        let visible = name.chars().filter(|character| !character.is_control());
        visible.take(NAME_CHARS_MAX).collect::<String>().trim().to_owned()
    };
    names.filter_map(|name| claims.get(name)?.as_str()).map(clean).find(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const PARTY: &str = "019aa2b4-5c00-7000-8000-000000000001";

    #[track_caller]
    fn check(claims: Value, expected: Result<(&str, &str, &[TokenRole]), Unfit>) {
        let config = SignInConfig::new("https://id.example", "console");
        check_with(&config, claims, expected);
    }

    #[track_caller]
    fn check_with(config: &SignInConfig, claims: Value, expected: Result<(&str, &str, &[TokenRole]), Unfit>) {
        let identity = identify(claims.as_object().unwrap(), config, &"sh".parse().unwrap(), Lang::Zh);
        let identity = identity
            .map(|who| (who.subject.to_string(), who.name, who.roles.into_iter().collect::<Vec<_>>()));
        let expected =
            expected.map(|(subject, name, roles)| (subject.to_owned(), name.to_owned(), roles.to_vec()));
        assert_eq!(identity, expected, "{claims}");
    }

    #[test]
    fn a_party_trades_and_audits_but_never_operates() {
        use TokenRole::{Auditor, Buyer, Merchant};
        let party = |roles: Value| json!({ "sub": "a", "name": "甲", "databourse_party": PARTY, "databourse_roles": roles });
        check(party(json!(["buyer", "merchant"])), Ok((PARTY, "甲", &[Merchant, Buyer])));
        check(party(json!("auditor")), Ok((PARTY, "甲", &[Auditor])));
        check(party(json!(["merchant", "offline_access"])), Ok((PARTY, "甲", &[Merchant])));
        check(party(json!(["merchant", "operator"])), Err(Unfit::PartyOperates));
        check(party(json!([])), Err(Unfit::NoRoles));
        check(party(json!(7)), Err(Unfit::NoRoles));
        check(json!({ "databourse_party": "no-id", "databourse_roles": ["buyer"] }), Err(Unfit::BadParty));
        check(json!({ "databourse_party": [PARTY], "databourse_roles": ["buyer"] }), Err(Unfit::BadParty));
    }

    #[test]
    fn a_person_operates_their_own_exchange_and_never_trades() {
        use TokenRole::{Auditor, Operator};
        let person = |roles: Value, exchange: Value| json!({ "sub": "9", "preferred_username": "li.na", "databourse_roles": roles, "databourse_exchange": exchange });
        check(person(json!(["operator"]), json!("sh")), Ok(("li.na", "li.na", &[Operator])));
        check(person(json!(["operator"]), json!(["js", "sh"])), Ok(("li.na", "li.na", &[Operator])));
        check(person(json!(["operator"]), Value::Null), Ok(("li.na", "li.na", &[Operator])));
        check(person(json!(["operator"]), json!("js")), Err(Unfit::Elsewhere));
        check(person(json!(["operator", "auditor"]), json!("js")), Ok(("li.na", "li.na", &[Auditor])));
        check(person(json!(["auditor"]), json!("js")), Ok(("li.na", "li.na", &[Auditor])));
        check(person(json!(["buyer"]), Value::Null), Err(Unfit::NoParty));
        check(person(json!(["operator", "merchant"]), json!("js")), Err(Unfit::NoParty));
        check(person(json!(["user"]), Value::Null), Err(Unfit::NoRoles));
        check(
            json!({ "sub": "9", "databourse_roles": "auditor", "databourse_party": "" }),
            Ok(("9", "9", &[Auditor])),
        );
    }

    #[test]
    fn nobody_becomes_a_party_by_calling_themselves_so() {
        let named = |name: &str, sub: &str| json!({ "sub": sub, "preferred_username": name, "databourse_roles": ["auditor"] });
        check(named(PARTY, "9"), Ok(("9", PARTY, &[TokenRole::Auditor])));
        check(named("李娜", "u-9"), Ok(("u-9", "李娜", &[TokenRole::Auditor])));
        check(named(PARTY, PARTY), Err(Unfit::BadName));
        check(named("a b", &"x".repeat(65)), Err(Unfit::BadName));
    }

    #[test]
    fn claims_are_found_by_name_or_by_pointer() {
        let mut config = SignInConfig::new("https://id.example", "console");
        config.roles_claim = "/realm_access/roles".to_owned();
        let claims = json!({ "sub": "9", "realm_access": { "roles": ["auditor"] } });
        check_with(&config, claims, Ok(("9", "9", &[TokenRole::Auditor])));
        config.roles_claim = "https://claims.example/roles".to_owned();
        let claims = json!({ "sub": "9", "https://claims.example/roles": ["auditor"] });
        check_with(&config, claims, Ok(("9", "9", &[TokenRole::Auditor])));
    }

    #[test]
    fn a_name_is_in_the_readers_language_and_fits_a_line() {
        let claims = json!({ "name": "Li Na", "name#zh-Hans": "李\n娜" });
        assert_eq!(name(claims.as_object().unwrap(), Lang::Zh).as_deref(), Some("李娜"));
        assert_eq!(name(claims.as_object().unwrap(), Lang::En).as_deref(), Some("Li Na"));
        let claims = json!({ "name": "娜".repeat(500) });
        assert_eq!(name(claims.as_object().unwrap(), Lang::En).unwrap().chars().count(), NAME_CHARS_MAX);
    }
}
