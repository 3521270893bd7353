//! Making a region on one machine: keys, cards, the genesis file and a configuration for each node.

use super::{
    card::Card,
    genesis::Genesis,
    layout::{Layout, NodeSetting},
};
use crate::config::Config;
use anyhow::{Context as _, Result, anyhow, bail, ensure};
use databourse_exchange::{Entropy, NodeAddress, NodeKeys};
use databourse_primitives::{BilingualText, ExchangeCode};
use serde::Deserialize;
use std::{
    collections::BTreeSet,
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::Path,
};

/// The most exchanges of a region.
const EXCHANGES_MAX: usize = 20;
/// The ports of a region: as many for clients, and so many behind them as many for the other nodes.
const PEER_PORTS_AFTER: u16 = 50;
/// Where free ports are looked for, and how far one try is from the next.
const PORTS_FROM: u16 = 27_000;
const PORTS_STEP: u16 = 100;
const PORTS_TRIES: u16 = 50;

/// What is asked for.
#[derive(Debug, Clone)]
pub(crate) struct Wanted<'a> {
    /// The exchanges; `None` for those that the folder has, or the four of the demonstration.
    pub(crate) exchanges: Option<&'a [ExchangeCode]>,
    /// The folder.
    pub(crate) folder: &'a Path,
    /// The first port; `None` for the next block of free ones.
    pub(crate) base_port: Option<u16>,
}

/// The exchanges of the demonstration.
const DEFAULT_EXCHANGES: [&str; 4] = ["sh", "js", "zj", "ah"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KnownExchanges {
    exchange: Vec<KnownExchange>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KnownExchange {
    code: ExchangeCode,
    zh: String,
    en: String,
}

/// The name of an exchange of a demonstration: the one that is known by its code, or one made of the code.
///
/// # Errors
/// None: the tests see to it.
pub(crate) fn name_of(code: &ExchangeCode) -> Result<BilingualText> {
    let known: KnownExchanges = toml::from_str(include_str!("exchanges.toml"))?;
    let known = known.exchange.into_iter().find(|exchange| exchange.code == *code);
    let (zh, en) = known.map_or_else(
        || (format!("{code} 数据交易所（演示）"), format!("Data Exchange {code} (demonstration)")),
        |known| (known.zh, known.en),
    );
    BilingualText::new(Some(&zh), Some(&en)).map_err(|error| anyhow!("the name of {code}: {error}"))
}

/// Finds the region of the folder, or makes it. What is there is never made anew: after a kill in between the same call
/// goes on.
///
/// # Errors
/// The folder holds another region, or cannot be written.
pub(crate) fn ensure_region(wanted: &Wanted<'_>) -> Result<Layout> {
    if let Some(found) = Layout::find(wanted.folder)? {
        if let Some(codes) = wanted.exchanges {
            let [has, asked] = [&found.codes[..], codes].map(|codes| codes.iter().collect::<BTreeSet<_>>());
            if has != asked {
                let list = has.iter().map(|code| code.as_str()).collect::<Vec<_>>().join(",");
                bail!("{} holds a region of {list}; choose another --folder", found.folder.display());
            }
        }
        return Ok(found);
    }
    let defaults = || DEFAULT_EXCHANGES.iter().map(|code| Ok(code.parse()?)).collect::<Result<Vec<_>>>();
    let codes = wanted.exchanges.map_or_else(defaults, |codes| Ok(codes.to_vec()))?;
    let distinct: BTreeSet<_> = codes.iter().cloned().collect();
    ensure!((1..=EXCHANGES_MAX).contains(&codes.len()), "a region has 1 to {EXCHANGES_MAX} exchanges");
    ensure!(distinct.len() == codes.len(), "an exchange is named twice");
    make(wanted, distinct.into_iter().collect())
}

fn make(wanted: &Wanted<'_>, codes: Vec<ExchangeCode>) -> Result<Layout> {
    fs::create_dir_all(wanted.folder)
        .with_context(|| format!("the folder {} cannot be made", wanted.folder.display()))?;
    let layout = Layout { folder: wanted.folder.canonicalize()?, codes };
    let base = wanted.base_port.map_or_else(|| free_ports(layout.codes.len()), Ok)?;
    let region = Config::defaults()?.region;
    let mut cards = Vec::with_capacity(layout.codes.len());
    for (at, code) in (0..).zip(&layout.codes) {
        let folder = layout.node(code);
        fs::create_dir_all(folder.wal())
            .with_context(|| format!("the folder {} cannot be made", folder.0.display()))?;
        let keys = NodeKeys::load_or_generate(&folder.keys(), &Entropy::Os)?;
        let port = port(base, PEER_PORTS_AFTER + at)?;
        cards.push(Card::of(
            &keys,
            &region.origin,
            code.clone(),
            name_of(code)?,
            NodeAddress::loopback(port),
        )?);
    }
    let genesis = Genesis::new(&region, &cards)?.to_text()?;
    let clients =
        (0..).zip(&cards).map(|(at, _)| Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, port(base, at)?))));
    let clients = clients.collect::<Result<Vec<_>>>()?;
    let (provider, consoles) = clients.split_first().context("a region has an exchange")?;
    for (card, http) in cards.iter().zip(&clients) {
        let folder = layout.node(&card.code);
        let setting = NodeSetting {
            card,
            peers: cards.iter().filter(|other| other.code != card.code).collect(),
            folder: &folder,
            listen: card.address.clone(),
            http: *http,
            sign_in: Some((*provider, consoles.to_vec())),
        };
        write(&folder.card(), &card.to_text()?)?;
        write(&folder.config(), &setting.to_toml())?;
        write(&folder.genesis(), &genesis)?;
    }
    // Last: it says that the rest is there.
    write(&layout.genesis(), &genesis)?;
    Ok(layout)
}

/// Writes a file under another name until it is whole.
fn write(file: &Path, text: &str) -> Result<()> {
    crate::settle::write_whole(file, text.as_bytes())
}

fn port(base: u16, offset: u16) -> Result<u16> {
    base.checked_add(offset)
        .with_context(|| format!("no port {offset} after {base}: take a smaller --base-port"))
}

/// The first port of a block in which all are free now.
fn free_ports(count: usize) -> Result<u16> {
    let is_free = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    let count = u16::try_from(count).unwrap_or(PEER_PORTS_AFTER);
    let blocks = (0..PORTS_TRIES).map(|block| PORTS_FROM + block * PORTS_STEP);
    let mut free = blocks
        .filter(|base| (0..count).flat_map(|at| [base + at, base + PEER_PORTS_AFTER + at]).all(is_free));
    free.next().context("no block of free ports; name the first with --base-port N")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn codes(list: &str) -> Vec<ExchangeCode> {
        list.split(',').map(|code| code.parse().unwrap()).collect()
    }

    fn wanted<'a>(folder: &'a Path, exchanges: &'a [ExchangeCode]) -> Wanted<'a> {
        Wanted { exchanges: Some(exchanges), folder, base_port: Some(30_000) }
    }

    #[test]
    fn each_exchange_has_its_own_keys_and_ports_and_all_have_the_same_genesis() {
        let folder = tempfile::tempdir().unwrap();
        let list = codes("ah,js,sh,zj");
        let layout = ensure_region(&wanted(folder.path(), &list)).unwrap();
        assert_eq!(layout.codes, list);
        let genesis = fs::read(layout.genesis()).unwrap();
        let (mut listens, mut origins) = (BTreeSet::new(), BTreeSet::new());
        for code in &list {
            let node = layout.node(code);
            assert_eq!(fs::read(node.genesis()).unwrap(), genesis, "{code}");
            assert_eq!(fs::metadata(node.keys()).unwrap().permissions().mode() & 0o777, 0o600);
            // What was written is what a node reads: configuration, genesis and keys fit one another.
            let config = Config::of_file(&node.config()).unwrap();
            assert_eq!(config.exchange.code, *code);
            config.keys().unwrap();
            config.founding().unwrap();
            assert_eq!(config.region.peers.len(), 3);
            assert!(config.region.peers.iter().all(|peer| peer.exchange != *code));
            assert_eq!(config.database.data_dir, node.data());
            assert!(config.region.wal_dir.is_dir());
            listens.insert(config.region.listen.to_string());
            listens.insert(config.http.listen.to_string());
            origins.insert(config.origin().unwrap().to_string());
        }
        assert_eq!((listens.len(), origins.len()), (8, 1));
        let name = |code: &str| name_of(&code.parse().unwrap()).unwrap();
        assert!(name("sh").en().unwrap().contains("Shanghai"));
        assert!(name("x1").en().unwrap().contains("x1"));
    }

    #[test]
    fn a_region_that_is_there_is_found_and_another_is_not_made_over_it() {
        let folder = tempfile::tempdir().unwrap();
        let two = codes("a1,b2");
        let layout = ensure_region(&wanted(folder.path(), &two)).unwrap();
        let keys = fs::read(layout.node(&two[0]).keys()).unwrap();
        let again = Wanted { exchanges: None, ..wanted(folder.path(), &two) };
        assert_eq!(ensure_region(&again).unwrap().codes, two);
        let turned = codes("b2,a1");
        ensure_region(&wanted(folder.path(), &turned)).unwrap();
        assert!(ensure_region(&wanted(folder.path(), &codes("a1,b2,c3"))).is_err());
        // Killed before the end: keys that are there are kept.
        fs::remove_file(layout.genesis()).unwrap();
        fs::remove_dir_all(layout.node(&two[1]).0).unwrap();
        ensure_region(&wanted(folder.path(), &two)).unwrap();
        assert_eq!(fs::read(layout.node(&two[0]).keys()).unwrap(), keys);
    }

    #[test]
    fn one_to_twenty_exchanges_of_any_code() {
        let folder = tempfile::tempdir().unwrap();
        let make =
            |name: &str, list: &[ExchangeCode]| ensure_region(&wanted(&folder.path().join(name), list));
        let twenty: Vec<ExchangeCode> = (0..20).map(|number| format!("e{number}").parse().unwrap()).collect();
        make("twenty", &twenty).unwrap();
        make("one", &twenty[..1]).unwrap();
        assert!(make("none", &[]).is_err());
        assert!(make("twice", &codes("a1,a1")).is_err());
        let many: Vec<_> = (0..21).map(|number| format!("e{number}").parse().unwrap()).collect();
        assert!(make("many", &many).is_err());
    }

    #[test]
    fn keys_of_another_exchange_are_refused_before_anything_starts() {
        let folder = tempfile::tempdir().unwrap();
        let two = codes("a1,b2");
        let layout = ensure_region(&wanted(folder.path(), &two)).unwrap();
        fs::copy(layout.node(&two[1]).keys(), layout.node(&two[0]).keys()).unwrap();
        let error = Config::of_file(&layout.node(&two[0]).config()).unwrap().keys().unwrap_err();
        assert!(format!("{error:#}").contains("not the keys of `a1`"), "{error:#}");
        fs::remove_file(layout.node(&two[0]).keys()).unwrap();
        assert!(Config::of_file(&layout.node(&two[0]).config()).unwrap().keys().is_err(), "none is made");
    }
}
