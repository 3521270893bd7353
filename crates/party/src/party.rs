//! Parties: legal entities with typed roles, certified by an exchange for a term.

use crate::{KeyOwner, LegalIdentifier, Successors};
use databourse_primitives::{
    BilingualText, ExchangeCode, KeyId, Label, Line, PartyId, PublicKey, Refusal, RefusalCode, Timestamp,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a party is certified to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Lists and sells data products (数据供方).
    Supplier,
    /// Processes data of others into products (数据加工方).
    Processor,
    /// Brings parties together (数据经纪).
    Broker,
    /// Assesses quality and compliance (第三方评估).
    Assessor,
    /// Delivers for suppliers (交付服务).
    DeliveryService,
    /// Licenses data products (数据需方).
    Buyer,
    /// Reads everything, changes nothing (审计).
    Auditor,
}

impl Role {
    /// The role's name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Supplier => "supplier",
            Self::Processor => "processor",
            Self::Broker => "broker",
            Self::Assessor => "assessor",
            Self::DeliveryService => "delivery_service",
            Self::Buyer => "buyer",
            Self::Auditor => "auditor",
        }
    }
}

/// `party.certify`: an exchange certifies a legal entity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertifyParty {
    /// Its registered name.
    pub legal_name: BilingualText,
    /// Who it is in law; unique in the region.
    pub legal_identifier: LegalIdentifier,
    /// What it may do; at least one.
    pub roles: BTreeSet<Role>,
    /// Where it is at home, e.g. `CN-SH` (ISO 3166-2) or a country's name as a label.
    pub home_region: Label,
    /// Keys that it signs with, whoever keeps them: at most 8; may be empty if it entrusts the exchange.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<PublicKey>,
    /// Whether the certifying exchange may sign `on_behalf_of` it.
    pub entrusts_exchange: bool,
    /// When the certification ends.
    pub valid_until: Timestamp,
}

/// `party.revoke`: the certifying exchange ends a certification before its term.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevokeParty {
    /// The party.
    pub party: PartyId,
    /// Why; a refusal that follows from it can be explained.
    pub reason: Line,
}

/// `party.replace_keys`: the party signs with these keys from now on, and with no others. Its home exchange says so, which
/// vouches for whose keys they are, or the party itself. So a party goes on whose key was lost, or is in the custody of an
/// exchange that left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplacePartyKeys {
    /// The party.
    pub party: PartyId,
    /// Its keys, as [`CertifyParty::keys`]; those that it has already go on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<PublicKey>,
    /// Whether its home exchange may sign `on_behalf_of` it.
    pub entrusts_exchange: bool,
}

/// Where a certification stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum PartyState {
    /// In force until its term.
    Certified,
    /// Ended early.
    Revoked {
        /// Block time of the revocation.
        revoked_at: Timestamp,
        /// The exchange's reason.
        reason: Line,
    },
}

/// A certified party.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// The id of its `party.certify` entry.
    pub id: PartyId,
    /// The exchange that certified it; if that left, its successor is at home instead ([`crate::Region::home_of`]).
    pub home_exchange: ExchangeCode,
    /// Where it is at home.
    pub home_region: Label,
    /// Its registered name.
    pub legal_name: BilingualText,
    /// Who it is in law.
    pub legal_identifier: LegalIdentifier,
    /// What it may do.
    pub roles: BTreeSet<Role>,
    /// Names of its keys.
    pub keys: Vec<KeyId>,
    /// Whether `home_exchange`, or its successor, may sign on its behalf.
    pub entrusts_exchange: bool,
    /// Where the certification stands.
    pub state: PartyState,
    /// Block time of its certification.
    pub certified_at: Timestamp,
    /// When it ends.
    pub valid_until: Timestamp,
}

impl Party {
    /// Refuses unless the certification is in force at `now`.
    ///
    /// # Errors
    /// `party.revoked`, `party.expired`.
    pub fn in_force(&self, now: Timestamp) -> Result<(), Refusal> {
        self.not_revoked()?;
        if self.valid_until <= now {
            let expected = format!("a certification in force; this one ended {}", self.valid_until);
            return Err(Refusal::new(RefusalCode::PartyExpired, "", expected));
        }
        Ok(())
    }

    fn not_revoked(&self) -> Result<(), Refusal> {
        match &self.state {
            PartyState::Certified => Ok(()),
            PartyState::Revoked { revoked_at, reason } => {
                let expected = format!("a certified party; revoked at {revoked_at}: {reason}");
                Err(Refusal::new(RefusalCode::PartyRevoked, "", expected))
            }
        }
    }

    /// Refuses unless the certification is in force and includes one of `roles`.
    ///
    /// # Errors
    /// As [`Party::in_force`], then `party.role_missing`.
    pub fn may_act_as(&self, roles: &[Role], now: Timestamp) -> Result<(), Refusal> {
        self.in_force(now)?;
        if roles.iter().any(|role| self.roles.contains(role)) {
            return Ok(());
        }
        let names: Vec<_> = roles.iter().map(|role| role.as_str()).collect();
        Err(Refusal::new(RefusalCode::PartyRoleMissing, "", format!("the role {}", names.join(" or "))))
    }
}

/// Certifies a party. Uniqueness of its identifier and keys is checked by the caller, who holds those records.
///
/// # Errors
/// `body.malformed` without a role, with more than 8 keys, or with neither key nor entrustment; `party.term_invalid`.
pub fn certify(
    id: PartyId,
    command: CertifyParty,
    exchange: ExchangeCode,
    now: Timestamp,
) -> Result<Party, Refusal> {
    if command.roles.is_empty() {
        return Err(Refusal::new(RefusalCode::BodyMalformed, "roles", "at least one role"));
    }
    check_keys(&command.keys, command.entrusts_exchange)?;
    if command.valid_until <= now {
        return Err(Refusal::new(
            RefusalCode::PartyTermInvalid,
            "valid_until",
            format!("a time after {now}"),
        ));
    }
    Ok(Party {
        id,
        home_exchange: exchange,
        home_region: command.home_region,
        legal_name: command.legal_name,
        legal_identifier: command.legal_identifier,
        roles: command.roles,
        keys: command.keys.iter().map(PublicKey::key_id).collect(),
        entrusts_exchange: command.entrusts_exchange,
        state: PartyState::Certified,
        certified_at: now,
        valid_until: command.valid_until,
    })
}

fn check_keys(keys: &[PublicKey], entrusts_exchange: bool) -> Result<(), Refusal> {
    let key_count = keys.iter().collect::<BTreeSet<_>>().len();
    if key_count != keys.len() || key_count > 8 || (key_count == 0 && !entrusts_exchange) {
        let expected = "at most 8 different keys, and at least one unless `entrusts_exchange` is true";
        return Err(Refusal::new(RefusalCode::BodyMalformed, "keys", expected));
    }
    Ok(())
}

/// Gives a party its keys anew, also after its term, since it may still take its money out. That a new one is nobody's yet is checked by the caller, who holds those records.
///
/// # Errors
/// `exchange.only` unless `by` is the party's home exchange or the party; `party.revoked`; `body.malformed` with more than 8 keys, or with neither key nor entrustment.
pub fn replace_keys(
    mut party: Party,
    command: &ReplacePartyKeys,
    by: &KeyOwner,
    successors: &Successors,
) -> Result<Party, Refusal> {
    let may = match by {
        KeyOwner::Exchange(code) => successors.home_of(&party.home_exchange) == code,
        KeyOwner::Party(id) => *id == party.id,
    };
    if !may {
        let home = successors.home_of(&party.home_exchange);
        let expected = format!("the party's home exchange, {home}, or the party itself");
        return Err(Refusal::new(RefusalCode::ExchangeOnly, "party", expected));
    }
    party.not_revoked().map_err(|refusal| refusal.within("party"))?;
    check_keys(&command.keys, command.entrusts_exchange)?;
    party.keys = command.keys.iter().map(PublicKey::key_id).collect();
    party.entrusts_exchange = command.entrusts_exchange;
    Ok(party)
}

/// Revokes a certification. `successors` are the region's: who took over from the exchange that certified it revokes,
/// too.
///
/// # Errors
/// `exchange.only` if it is another exchange's; `party.revoked` if it was revoked before.
pub fn revoke(
    mut party: Party,
    reason: Line,
    exchange: &ExchangeCode,
    successors: &Successors,
    now: Timestamp,
) -> Result<Party, Refusal> {
    let home = successors.home_of(&party.home_exchange);
    if home != exchange {
        let expected = format!("the party's home exchange, {home}");
        return Err(Refusal::new(RefusalCode::ExchangeOnly, "party", expected));
    }
    if let PartyState::Revoked { revoked_at, .. } = &party.state {
        let expected = format!("a party that is not revoked; this one was at {revoked_at}");
        return Err(Refusal::new(RefusalCode::PartyRevoked, "party", expected));
    }
    party.state = PartyState::Revoked { revoked_at: now, reason };
    Ok(party)
}
