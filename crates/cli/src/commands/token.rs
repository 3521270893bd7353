//! `token`: access tokens from the exchange's key file.

use crate::{
    args::{PartyRole, TokenArgs},
    config::Config,
};
use anyhow::{Result, anyhow};
use databourse_api::token::{Subject, TokenClaims, TokenRole, TokenSigner};
use databourse_exchange::{Clock, NodeKeys};
use std::collections::BTreeSet;

pub(crate) fn run(args: TokenArgs) -> Result<()> {
    let config = Config::load(args.config.config.as_deref())?;
    let file = args.keys.unwrap_or_else(|| config.node.key_file.clone());
    let keys = NodeKeys::load(&file)?;
    let (subject, roles) = match (args.party, args.operator, args.auditor) {
        (Some(party), _, _) => (Subject::Party(party), args.role.into_iter().map(role).collect()),
        (_, Some(name), _) => (person(&name)?, BTreeSet::from([TokenRole::Operator])),
        (_, _, Some(name)) => (person(&name)?, BTreeSet::from([TokenRole::Auditor])),
        (None, None, None) => return Err(anyhow!("name a --party, an --operator or an --auditor")),
    };
    let issued_at = Clock::System.now();
    let expires_at = issued_at.plus_ms(i64::from(args.hours) * 3_600_000);
    let signer = TokenSigner::from_seed(*keys.token_seed(), config.exchange.code);
    println!("{}", signer.mint(&TokenClaims { subject, roles, issued_at, expires_at })?);
    Ok(())
}

fn person(name: &str) -> Result<Subject> {
    Ok(Subject::parse(name)?)
}

const fn role(role: PartyRole) -> TokenRole {
    match role {
        PartyRole::Merchant => TokenRole::Merchant,
        PartyRole::Buyer => TokenRole::Buyer,
        PartyRole::Auditor => TokenRole::Auditor,
    }
}
