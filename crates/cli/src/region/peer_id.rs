//! Names and addresses on the peer network: libp2p peer ids of Ed25519 keys, and the multiaddrs that nodes take.

use anyhow::{Result, bail, ensure};
use serde::{Deserialize, Serialize};
use std::{fmt, net::IpAddr, str::FromStr};

/// Digits of base58 as Bitcoin orders them.
const BASE58: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
/// Whether a text has the form of such a peer id.
fn is_peer_id(text: &str) -> bool {
    text.len() == 52 && text.starts_with("12D3KooW") && text.bytes().all(|byte| BASE58.contains(&byte))
}

/// Where a node listens: `/ip4/…/tcp/…`, `/ip6/…/tcp/…` or `/dns4/…/tcp/…` (`dns6`, `dns`), without a peer id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Multiaddr(String);

impl Multiaddr {
    /// The address at a port of this machine.
    pub(crate) fn loopback(port: u16) -> Self {
        Self(format!("/ip4/127.0.0.1/tcp/{port}"))
    }

    /// The address with the name of who is expected there.
    pub(crate) fn of_peer(&self, peer_id: &str) -> String {
        format!("{}/p2p/{peer_id}", self.0)
    }

    /// Listens at every address of the machine, at the port of this one.
    pub(crate) fn listening(&self) -> Self {
        let port = self.0.rsplit('/').next().unwrap_or_default();
        Self(format!("/ip4/0.0.0.0/tcp/{port}"))
    }
}

impl fmt::Display for Multiaddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Multiaddr> for String {
    fn from(address: Multiaddr) -> Self {
        address.0
    }
}

impl TryFrom<String> for Multiaddr {
    type Error = anyhow::Error;
    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl FromStr for Multiaddr {
    type Err = anyhow::Error;
    fn from_str(text: &str) -> Result<Self> {
        const EXPECTED: &str = "an address such as /dns4/node.example/tcp/27000 or /ip4/192.0.2.1/tcp/27000";
        let parts: Vec<&str> = text.split('/').collect();
        let ["", kind, host, "tcp", port] = parts[..] else { bail!("expected {EXPECTED}, not `{text}`") };
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
        ensure!(host_holds && port_holds, "expected {EXPECTED}, not `{text}`");
        Ok(Self(text.to_owned()))
    }
}

/// Checks the address of a peer, which ends with its peer id.
///
/// # Errors
/// It is no address, or without a peer id.
pub(crate) fn check_peer_address(text: &str) -> Result<()> {
    let Some((address, peer_id)) = text.rsplit_once("/p2p/") else {
        bail!("expected an address that ends with /p2p/ and the peer's id, not `{text}`");
    };
    address.parse::<Multiaddr>()?;
    ensure!(is_peer_id(peer_id), "`{peer_id}` is not a peer id of an Ed25519 key: expected 12D3KooW…");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_id_is_recognised_by_its_form() {
        let id = |seed| databourse_exchange::peer_id(&[seed; 32]).unwrap();
        assert!(is_peer_id(&id(1)), "{}", id(1));
        assert_ne!(id(1), id(2));
        for other in ["12D3KooW", "", &id(1).replace('K', "0"), &format!("{}x", id(1))] {
            assert!(!is_peer_id(other), "{other}");
        }
    }

    #[test]
    fn addresses_are_a_host_and_a_port() {
        for good in ["/ip4/127.0.0.1/tcp/27000", "/ip6/::1/tcp/1", "/dns4/node.sh.example/tcp/65535"] {
            assert_eq!(good.parse::<Multiaddr>().unwrap().to_string(), good);
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
            assert!(bad.parse::<Multiaddr>().is_err(), "{bad}");
        }
        let id = databourse_exchange::peer_id(&[1; 32]).unwrap();
        check_peer_address(&Multiaddr::loopback(7).of_peer(&id)).unwrap();
        assert!(check_peer_address("/ip4/127.0.0.1/tcp/7").is_err());
        assert!(check_peer_address("/ip4/127.0.0.1/tcp/7/p2p/me").is_err());
    }
}
