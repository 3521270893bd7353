//! The files of a region's nodes in one folder, and the text of a node's configuration.
//!
//! ```text
//! DIR/genesis.json            the region, the same bytes as in each folder below; written last
//! DIR/run.json                what the region was played with
//! DIR/sh/databourse.toml      configuration of the node of `sh`
//!       /genesis.json
//!       /keys.toml            its secret keys, mode 600
//!       /card.json            its public keys and address
//!       /data/                its private PostgreSQL
//!       /wal/                 the log of its votes
//!       /node.log             what it says, if `region up` runs it
//! ```

use super::{card::Card, genesis::Genesis};
use anyhow::{Context as _, Result};
use databourse_exchange::NodeAddress;
use databourse_primitives::ExchangeCode;
use std::{
    fmt::Write as _,
    net::SocketAddr,
    path::{Path, PathBuf},
};
use toml::Value;

/// The files of one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NodeFolder(pub(crate) PathBuf);

impl NodeFolder {
    pub(crate) fn config(&self) -> PathBuf {
        self.0.join("databourse.toml")
    }

    pub(crate) fn genesis(&self) -> PathBuf {
        self.0.join("genesis.json")
    }

    pub(crate) fn keys(&self) -> PathBuf {
        self.0.join("keys.toml")
    }

    pub(crate) fn card(&self) -> PathBuf {
        self.0.join("card.json")
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.0.join("data")
    }

    pub(crate) fn wal(&self) -> PathBuf {
        self.0.join("wal")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.0.join("node.log")
    }
}

/// The folder of a region on one machine.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    /// The folder, from the root of the file system.
    pub(crate) folder: PathBuf,
    /// The exchanges in the order of their codes.
    pub(crate) codes: Vec<ExchangeCode>,
}

impl Layout {
    /// The region that `folder` holds; `None` if there is none, or one that is not whole.
    ///
    /// # Errors
    /// The genesis file does not read.
    pub(crate) fn find(folder: &Path) -> Result<Option<Self>> {
        let genesis = folder.join("genesis.json");
        if !genesis.exists() {
            return Ok(None);
        }
        let codes = Genesis::read(&genesis)?.codes().cloned().collect();
        let folder = folder.canonicalize().with_context(|| format!("{} is no folder", folder.display()))?;
        Ok(Some(Self { folder, codes }))
    }

    pub(crate) fn genesis(&self) -> PathBuf {
        self.folder.join("genesis.json")
    }

    pub(crate) fn node(&self, code: &ExchangeCode) -> NodeFolder {
        NodeFolder(self.folder.join(code.as_str()))
    }
}

/// What a node's configuration says, all but the defaults.
pub(crate) struct NodeSetting<'a> {
    /// Its own card.
    pub(crate) card: &'a Card,
    /// The cards of the others.
    pub(crate) peers: Vec<&'a Card>,
    /// Where its files are.
    pub(crate) folder: &'a NodeFolder,
    /// Where it listens for the other nodes.
    pub(crate) listen: NodeAddress,
    /// Where it listens for clients.
    pub(crate) http: SocketAddr,
    /// On one machine: where the node listens for clients that demonstrates a provider, and where those that use it.
    pub(crate) sign_in: Option<(SocketAddr, Vec<SocketAddr>)>,
}

impl NodeSetting<'_> {
    /// The configuration as TOML.
    pub(crate) fn to_toml(&self) -> String {
        let text = |text: &str| Value::String(text.to_owned()).to_string();
        let path = |path: PathBuf| text(&path.to_string_lossy());
        let name = |found: Option<&str>| text(found.unwrap_or(self.card.code.as_str()));
        let mut peers = String::new();
        for peer in &self.peers {
            let (code, address) = (text(peer.code.as_str()), text(&peer.peer_address()));
            // Writing into a string does not fail.
            let _ = writeln!(peers, "  {{ exchange = {code}, address = {address} }},");
        }
        let sign_in = self.sign_in.as_ref().map_or_else(String::new, |(provider, consoles)| {
            let url = |address: &SocketAddr| text(&format!("http://{address}"));
            let setting = if *provider == self.http {
                let consoles: Vec<_> = consoles.iter().map(url).collect();
                format!("demonstration = true\ndemonstration_consoles = [{}]", consoles.join(", "))
            } else {
                format!("issuer = {}", text(&format!("http://{provider}/oidc")))
            };
            format!("\n# A demonstration's provider, which asks nobody for a password; see docs/CONSOLE.md.\n[sign_in]\n{setting}\n")
        });
        format!(
            "# Node of `{code}` in its region. What is not said here is as `databourse serve --print-config` prints it.\n\n\
             [exchange]\ncode = {quoted}\nname_zh = {zh}\nname_en = {en}\n\n\
             [region]\ngenesis = {genesis}\nlisten = {listen}\npeers = [\n{peers}]\n\
             # Never copied, never restored, never deleted while the node is to vote; see docs/OPERATING.md.\n\
             wal_dir = {wal}\n\n\
             [database]\ndata_dir = {data}\n\n[node]\nkey_file = {keys}\n\n[http]\nlisten = {http}\n{sign_in}",
            code = self.card.code,
            quoted = text(self.card.code.as_str()),
            zh = name(self.card.name.zh()),
            en = name(self.card.name.en()),
            genesis = path(self.folder.genesis()),
            listen = text(&self.listen.to_string()),
            wal = path(self.folder.wal()),
            data = path(self.folder.data()),
            keys = path(self.folder.keys()),
            http = text(&self.http.to_string()),
        )
    }
}
