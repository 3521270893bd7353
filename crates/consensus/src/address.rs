//! Where nodes are on the peer network: the addresses that are configured, and peers' addresses, which end with the name
//! of who is expected there.

use serde::{Deserialize, Serialize};
use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

/// Digits of base58 as Bitcoin orders them.
const BASE58: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// Why a text is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It is not a host and a port in the form of a TCP multiaddress.
    #[error(
        "expected an address such as /dns4/node.example/tcp/27000 or /ip4/192.0.2.1/tcp/27000, not `{0}`"
    )]
    Form(String),
    /// The address of a peer does not say whose it is.
    #[error("expected an address that ends with /p2p/ and the peer's id, not `{0}`")]
    PeerMissing(String),
    /// What it ends with is not a peer id of an Ed25519 key.
    #[error("`{0}` is not a peer id of an Ed25519 key: expected 12D3KooW…")]
    PeerId(String),
}

/// The host and port of a node: a multiaddress `/ip4/…/tcp/…`, `/ip6/…/tcp/…` or `/dns4/…/tcp/…` (`dns6`, `dns`), without a
/// peer id. TCP only, and no port 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NodeAddress(String);

impl NodeAddress {
    /// The address at a port of this machine.
    pub fn loopback(port: u16) -> Self {
        Self(format!("/ip4/127.0.0.1/tcp/{port}"))
    }

    /// Every address of the machine, at the port of this one.
    #[must_use]
    pub fn listening(&self) -> Self {
        let port = self.0.rsplit('/').next().unwrap_or_default();
        Self(format!("/ip4/0.0.0.0/tcp/{port}"))
    }

    /// The socket to listen at, if it names no host that would have to be looked up.
    pub fn socket(&self) -> Option<SocketAddr> {
        let mut parts = self.0.split('/').skip(2);
        let (host, port) = (parts.next()?, parts.nth(1)?);
        Some(SocketAddr::new(host.parse().ok()?, port.parse().ok()?))
    }

    /// The address of a peer: this one, with the name of who is expected there.
    pub fn of_peer(&self, peer_id: &str) -> String {
        format!("{}/p2p/{peer_id}", self.0)
    }

    /// Reads the address of a peer, as [`NodeAddress::of_peer`] writes it: where, and who.
    ///
    /// # Errors
    /// [`AddressError`].
    pub fn parse_peer(text: &str) -> Result<(Self, &str), AddressError> {
        let missing = || AddressError::PeerMissing(text.to_owned());
        let (address, peer_id) = text.rsplit_once("/p2p/").ok_or_else(missing)?;
        let address = address.parse()?;
        if is_peer_id(peer_id) {
            Ok((address, peer_id))
        } else {
            Err(AddressError::PeerId(peer_id.to_owned()))
        }
    }
}

/// Whether a text has the form of a peer id of an Ed25519 key.
fn is_peer_id(text: &str) -> bool {
    text.len() == 52 && text.starts_with("12D3KooW") && text.bytes().all(|byte| BASE58.contains(&byte))
}

impl fmt::Display for NodeAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<NodeAddress> for String {
    fn from(address: NodeAddress) -> Self {
        address.0
    }
}

impl TryFrom<String> for NodeAddress {
    type Error = AddressError;
    fn try_from(text: String) -> Result<Self, AddressError> {
        text.parse()
    }
}

impl FromStr for NodeAddress {
    type Err = AddressError;
    fn from_str(text: &str) -> Result<Self, AddressError> {
        let form = || AddressError::Form(text.to_owned());
        let parts: Vec<&str> = text.split('/').collect();
        let ["", kind, host, "tcp", port] = parts[..] else { return Err(form()) };
        let host_holds = match (kind, host.parse::<IpAddr>()) {
            ("ip4", Ok(address)) => address.is_ipv4(),
            ("ip6", Ok(address)) => address.is_ipv6(),
            ("dns" | "dns4" | "dns6", Err(_)) => {
                let label = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
                !host.is_empty() && host.bytes().all(label)
            }
            _ => false,
        };
        let port_holds = port.parse::<u16>().is_ok_and(|port| port > 0);
        if host_holds && port_holds { Ok(Self(text.to_owned())) } else { Err(form()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peer_id;

    #[test]
    fn a_peer_id_is_recognised_by_its_form() {
        let id = |seed| peer_id(&[seed; 32]).unwrap();
        assert!(is_peer_id(&id(1)), "{}", id(1));
        assert_ne!(id(1), id(2));
        for other in ["12D3KooW", "", &id(1).replace('K', "0"), &format!("{}x", id(1))] {
            assert!(!is_peer_id(other), "{other}");
        }
    }

    #[test]
    fn addresses_are_a_host_and_a_port() {
        for good in ["/ip4/127.0.0.1/tcp/27000", "/ip6/::1/tcp/1", "/dns4/node.sh.example/tcp/65535"] {
            assert_eq!(good.parse::<NodeAddress>().unwrap().to_string(), good);
        }
        for bad in [
            "",
            "127.0.0.1:27000",
            "/ip4/127.0.0.1",
            "/ip4/node/tcp/1",
            "/ip6/127.0.0.1/tcp/1",
            "/dns4/127.0.0.1/tcp/1",
            "/dns4/a b/tcp/1",
            "/ip4/127.0.0.1/udp/1",
            "/ip4/127.0.0.1/tcp/0",
            "/ip4/127.0.0.1/tcp/70000",
            "/ip4/127.0.0.1/tcp/1/p2p/12D3KooW",
        ] {
            assert!(bad.parse::<NodeAddress>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_peers_address_says_whose_it_is() {
        let (here, id) = (NodeAddress::loopback(7), peer_id(&[1; 32]).unwrap());
        let text = here.of_peer(&id);
        assert_eq!(NodeAddress::parse_peer(&text), Ok((here, &*id)));
        let refused = |text: &str| NodeAddress::parse_peer(text).unwrap_err();
        assert!(matches!(refused("/ip4/127.0.0.1/tcp/7"), AddressError::PeerMissing(_)));
        assert!(matches!(refused("/ip4/127.0.0.1/tcp/7/p2p/me"), AddressError::PeerId(_)));
        assert!(matches!(refused(&format!("/ip4/127.0.0.1/udp/7/p2p/{id}")), AddressError::Form(_)));
    }

    #[test]
    fn only_numbers_are_listened_at() {
        let socket =
            |text: &str| text.parse::<NodeAddress>().unwrap().socket().map(|socket| socket.to_string());
        assert_eq!(socket("/ip4/127.0.0.1/tcp/27000").as_deref(), Some("127.0.0.1:27000"));
        assert_eq!(socket("/ip6/::1/tcp/27000").as_deref(), Some("[::1]:27000"));
        assert_eq!(socket("/dns4/node.example/tcp/27000"), None);
        let listening = "/dns4/node.example/tcp/9".parse::<NodeAddress>().unwrap().listening();
        assert_eq!(listening.to_string(), "/ip4/0.0.0.0/tcp/9");
    }
}
