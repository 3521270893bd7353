//! The console in front of a node's API, and in a demonstration the provider that people sign in with.

use crate::config::{Config, SignInSection};
use anyhow::{Context as _, Result};
use axum::Router;
use databourse_api::token::{TokenRole, TokenSigner};
use databourse_console::{ConsoleConfig, Person, Provider, ProviderConfig, SignIn, SignInConfig};
use databourse_exchange::{Node, NodeKeys};
use databourse_party::{Party, Region, Role};
use databourse_primitives::{BilingualText, ExchangeCode};
use databourse_store::{Column, ListQuery, StoreError};
use std::collections::BTreeSet;

/// Where a demonstration's provider is mounted.
const PROVIDER_PATH: &str = "/oidc";
/// How many parties of a role it offers of the oldest and of the newest: the sample has fewer, a real file has thousands.
const PARTIES_SHOWN: u32 = 100;

/// The exchanges' people of a demonstration: name, what they are called, role.
const STAFF: [(&str, &str, &str, TokenRole); 2] = [
    ("lin.yue", "林越（运营一）", "Lin Yue (operator one)", TokenRole::Operator),
    ("shen.bo", "沈博（运营二）", "Shen Bo (operator two)", TokenRole::Operator),
];
/// Who audits all of them.
const AUDITOR: (&str, &str, &str) = ("zhou.min", "周敏（审计）", "Zhou Min (auditor)");

/// `api` with the console before it; `url` is where the node serves.
///
/// # Errors
/// `[console]` or `[sign_in]` cannot be used.
pub(crate) fn mount(config: &Config, keys: &NodeKeys, node: &Node, url: &str, api: Router) -> Result<Router> {
    let asked = config.console.public_url.trim_end_matches('/');
    let public_url = if asked.is_empty() { url } else { asked }.to_owned();
    let section = &config.sign_in;
    let provider = match section.demonstration {
        true => Some(provider(section, node, &public_url).context("[sign_in]")?),
        false => None,
    };
    let issuer = match section.issuer.as_str() {
        "" if section.demonstration => format!("{public_url}{PROVIDER_PATH}"),
        issuer => issuer.to_owned(),
    };
    let sign_in = match issuer.as_str() {
        "" => None,
        issuer => Some(SignIn::new(sign_in(section, issuer)).context("[sign_in]")?),
    };
    let console = ConsoleConfig {
        exchange: config.exchange.code.clone(),
        name: named(&config.exchange.name_zh, &config.exchange.name_en)?,
        public_url,
        utc_offset_minutes: config.console.utc_offset_minutes,
        sign_in,
        signer: TokenSigner::from_seed(*keys.token_seed(), config.exchange.code.clone()),
        secret: *keys.token_seed(),
    };
    let clock = node.clone();
    let router = databourse_console::router(console, api, move || clock.now());
    Ok(match provider {
        Some(provider) => Router::new().nest(PROVIDER_PATH, provider.router()).fallback_service(router),
        None => router,
    })
}

fn sign_in(section: &SignInSection, issuer: &str) -> SignInConfig {
    let SignInSection { client_secret, ca_file, .. } = section;
    SignInConfig {
        client_secret: (!client_secret.is_empty()).then(|| client_secret.clone()),
        ca_file: (!ca_file.as_os_str().is_empty()).then(|| ca_file.clone()),
        party_claim: section.party_claim.clone(),
        roles_claim: section.roles_claim.clone(),
        exchange_claim: section.exchange_claim.clone(),
        scopes: section.scopes.clone(),
        ..SignInConfig::new(issuer, &section.client_id)
    }
}

fn provider(section: &SignInSection, node: &Node, public_url: &str) -> Result<Provider> {
    let others = section.demonstration_consoles.iter().map(|console| console.trim_end_matches('/'));
    let callback = |console: &str| format!("{console}/sign-in/callback");
    let config = ProviderConfig {
        issuer: format!("{public_url}{PROVIDER_PATH}"),
        redirect_uris: [public_url].into_iter().chain(others).map(callback).collect(),
        client_id: section.client_id.clone(),
    };
    let (ledger, clock) = (node.clone(), node.clone());
    let people = move |wanted: String| {
        let node = ledger.clone();
        async move {
            people(&node, &wanted).await.unwrap_or_else(|error| {
                tracing::error!(%error, "nobody can be offered to sign in as");
                Vec::new()
            })
        }
    };
    Ok(Provider::new(config, people, move || clock.now())?)
}

/// Whom one can be: the people of each exchange, an auditor, and parties that are certified: the first and the latest of each
/// role, and the one whose id is `wanted`.
async fn people(node: &Node, wanted: &str) -> Result<Vec<Person>, StoreError> {
    let store = node.reader();
    let region: Option<Region> = store.get("region").await?;
    let exchanges = region.map(|region| region.exchanges).unwrap_or_default();
    let is_alone = exchanges.len() <= 1;
    let mut people = Vec::new();
    for exchange in &exchanges {
        for (id, zh, en, role) in STAFF {
            let at = if is_alone { String::new() } else { format!(".{exchange}") };
            let name = named(&format!("{zh}{at}"), &format!("{en}{at}"));
            people.extend(name.ok().map(|name| person(format!("{id}{at}"), name, role, Some(exchange))));
        }
    }
    let (id, zh, en) = AUDITOR;
    people.extend(named(zh, en).ok().map(|name| person(id.to_owned(), name, TokenRole::Auditor, None)));
    let mut parties: Vec<Party> = store.get::<Party>(wanted).await?.into_iter().collect();
    for role in ["supplier", "processor", "buyer", "auditor"] {
        for newest_first in [false, true] {
            let filters = vec![(Column::Role, role.to_owned())];
            let query = ListQuery { limit: PARTIES_SHOWN, newest_first, filters, ..ListQuery::default() };
            parties.extend(store.list::<Party>(&query).await?.items);
        }
    }
    let mut known = BTreeSet::new();
    for party in parties {
        // For who keeps a key of their own the console cannot sign.
        let may_sign = party.entrusts_exchange || store.custody_key(party.id).await?.is_some();
        if may_sign && party.in_force(node.now()).is_ok() && known.insert(party.id) {
            people.extend(as_person(party));
        }
    }
    Ok(people)
}

fn person(id: String, name: BilingualText, role: TokenRole, exchange: Option<&ExchangeCode>) -> Person {
    Person { id, name, party: None, roles: [role].into(), exchange: exchange.cloned() }
}

/// A certified party as somebody to be; nobody if none of its roles uses the console.
fn as_person(party: Party) -> Option<Person> {
    let role = |role: &Role| match role {
        Role::Supplier | Role::Processor => Some(TokenRole::Merchant),
        Role::Buyer => Some(TokenRole::Buyer),
        Role::Auditor => Some(TokenRole::Auditor),
        Role::Broker | Role::Assessor | Role::DeliveryService => None,
    };
    let roles: BTreeSet<_> = party.roles.iter().filter_map(role).collect();
    (!roles.is_empty()).then(|| Person {
        id: party.id.to_string(),
        name: party.legal_name,
        party: Some(party.id),
        roles,
        exchange: Some(party.home_exchange),
    })
}

fn named(zh: &str, en: &str) -> Result<BilingualText> {
    BilingualText::new(Some(zh), Some(en)).map_err(|error| anyhow::anyhow!("a name: {error}"))
}
