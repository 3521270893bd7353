//! Stage 1, registration of parties: the region, its exchanges, the parties that an exchange certifies, their roles
//! and keys (一次认证、异地可办: certified once, recognised by every exchange of the region).
//!
//! Every function takes the records it needs and returns the records it makes. Deliberately absent: storage, time
//! (an argument), signatures (checked before a command reaches a rule), the recognition policy between exchanges.

mod identifier;
mod key;
mod party;
mod region;

pub use identifier::LegalIdentifier;
pub use key::{KeyOwner, KeyRecord, register, retire};
pub use party::{CertifyParty, Party, PartyState, RevokeParty, Role, certify, revoke};
pub use region::{Exchange, FoundExchange, FoundRegion, Region, found};
