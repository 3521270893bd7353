//! What operators type when exchanges join, leave, replace keys and are suspended; see docs/OPERATING.md, "Membership".

use super::{
    LOOK_PAUSE, PEER_PORTS_AFTER, RETURN_LIMIT, Region,
    load::Load,
    node::{Node, databourse},
};
use databourse_client::RegionHealth;
use serde_json::Value;
use std::{fs, process::Output};

/// Runs the program; what it prints.
#[track_caller]
pub(crate) fn says(arguments: &[&str]) -> String {
    let output = run(arguments);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {}\n{errors}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

pub(crate) fn run(arguments: &[&str]) -> Output {
    databourse().args(arguments).output().unwrap()
}

impl Region {
    /// The path of a file of a node.
    pub(crate) fn file(&self, place: usize, name: &str) -> String {
        self.nodes[place].folder.join(name).to_str().unwrap().to_owned()
    }

    /// What a command of `region` prints that an operator of `place` types.
    #[track_caller]
    pub(crate) fn operator(&self, place: usize, arguments: &[&str]) -> String {
        let config = self.file(place, "databourse.toml");
        says(&[&["region"][..], arguments, &["--config", &config]].concat())
    }

    /// The same of `settle`.
    #[track_caller]
    pub(crate) fn settle(&self, place: usize, arguments: &[&str]) -> String {
        let (url, token) = (&self.nodes[place].access.url, self.file(place, "operator.token"));
        says(&[&["settle"][..], arguments, &["--url", url, "--token-file", &token]].concat())
    }

    /// Two people of the exchange at `place` sign what it finds in a window.
    pub(crate) fn sign_window(&self, place: usize, window: &str) {
        let node = &self.nodes[place];
        let second = self.file(place, "second-operator.token");
        let config = self.file(place, "databourse.toml");
        std::fs::write(&second, says(&["token", "--operator", "second", "--config", &config]).trim())
            .unwrap();
        for token in [self.file(place, "operator.token"), second] {
            let to = ["--url", &node.access.url, "--token-file", &token];
            says(&[&["settle", "window", "sign", window][..], &to].concat());
        }
    }

    /// One exchange proposes, and those at `approving` vote for it; the change is decided then.
    pub(crate) async fn decide(&self, place: usize, arguments: &[&str], approving: &[usize], load: &Load) {
        let said = self.operator(place, arguments);
        println!("{}: region {}: {}", self.nodes[place].code, arguments.join(" "), said.trim());
        let proposal = said.split_whitespace().find(|word| word.len() == 36 && word.contains('-')).unwrap();
        // An operator votes when the own node shows the proposal.
        load.see(approving, said.split_whitespace().last().unwrap().parse().unwrap()).await;
        for voter in approving {
            self.operator(*voter, &["vote", proposal, "--approve"]);
        }
    }

    /// Makes card, genesis file and configuration of another exchange, as its people do. Returns its place.
    pub(crate) fn prepare(&mut self, code: &'static str) -> usize {
        let folder = self.folder().join(code);
        fs::create_dir_all(folder.join("wal")).unwrap();
        let at = u16::try_from(self.nodes.len()).unwrap();
        let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
        let listen = format!("/ip4/127.0.0.1/tcp/{}", self.base_port + PEER_PORTS_AFTER + at);
        let card = says(
            &[
                &[
                    "region",
                    "card",
                    "--exchange",
                    code,
                    "--name-zh",
                    "杭州数据交易所",
                    "--name-en",
                    "Hangzhou Data Exchange",
                ][..],
                &["--address", &listen, "--keys", &path("keys.toml")],
            ]
            .concat(),
        );
        fs::write(path("card.json"), card).unwrap();
        fs::copy(self.file(0, "genesis.json"), path("genesis.json")).unwrap();
        let cards: Vec<_> = (0..self.nodes.len()).map(|place| self.file(place, "card.json")).collect();
        let http = format!("127.0.0.1:{}", self.base_port + at);
        let home = folder.to_str().unwrap().to_owned();
        let mut arguments = vec!["region", "config", "--exchange", code, "--folder", &home];
        arguments.extend(["--listen", &listen, "--http", &http]);
        let own = path("card.json");
        arguments.extend(cards.iter().map(String::as_str).chain([own.as_str()]));
        fs::write(path("databourse.toml"), says(&arguments)).unwrap();
        self.nodes.push(Node::new(code, folder));
        self.nodes.len() - 1
    }

    /// Writes the line of another node into `region.peers` of the node at `place`.
    pub(crate) fn add_peer(&self, place: usize, peer: usize) {
        let card: Value =
            serde_json::from_str(&fs::read_to_string(self.file(peer, "card.json")).unwrap()).unwrap();
        let text = |name: &str| card[name].as_str().unwrap();
        let (code, address, id) = (text("code"), text("address"), text("peer_id"));
        let line = format!("peers = [\n  {{ exchange = \"{code}\", address = \"{address}/p2p/{id}\" }},");
        self.edit(place, "databourse.toml", |config| config.replacen("peers = [", &line, 1));
    }

    /// Takes it out again.
    pub(crate) fn remove_peer(&self, place: usize, peer: usize) {
        let line = format!("exchange = \"{}\"", self.nodes[peer].code);
        self.edit(place, "databourse.toml", |config| {
            let others = config.lines().filter(|one| !one.contains(&line));
            others.map(|one| format!("{one}\n")).collect()
        });
    }

    /// Changes a file of a node.
    pub(crate) fn edit(&self, place: usize, name: &str, change: impl FnOnce(&str) -> String) {
        let file = self.file(place, name);
        let before = fs::read_to_string(&file).unwrap();
        let after = change(&before);
        assert_ne!(after, before, "{file} is as before");
        fs::write(&file, after).unwrap();
    }

    /// Waits until the node at `place` says what is expected of the region.
    pub(crate) async fn says_of_region(
        &self,
        place: usize,
        what: &str,
        expected: impl Fn(&RegionHealth) -> bool,
    ) -> RegionHealth {
        let client = self.nodes[place].access.client.clone();
        let said = async {
            loop {
                match client.region_health().await {
                    Ok(health) if expected(&health) => return health,
                    _ => tokio::time::sleep(LOOK_PAUSE).await,
                }
            }
        };
        match tokio::time::timeout(RETURN_LIMIT, said).await {
            Ok(health) => health,
            Err(_) => panic!("{} does not say: {what}\n{}", self.nodes[place].code, self.state().await),
        }
    }

    /// Waits until the exchange `code` is a member, or is none any more, as the node at `place` sees it.
    pub(crate) async fn counts(&self, place: usize, code: &str, is_member: bool) {
        let what = format!("that {code} is a member: {is_member}");
        self.says_of_region(place, &what, |health| {
            health.peers.iter().any(|peer| peer.exchange.as_str() == code) == is_member
        })
        .await;
    }

    /// Waits until the nodes at `places` have everything that the one at `place` has.
    pub(crate) async fn follow(&self, places: &[usize], place: usize) {
        let height = self.height(place).await;
        for other in places {
            self.says_of_region(*other, "that it follows", |health| health.height.0 >= height).await;
        }
    }

    /// Waits until the exchange `code` co-signs what the node at `place` shows.
    pub(crate) async fn cosigns(&self, place: usize, code: &str) {
        self.says_of_region(place, &format!("that {code} co-signs"), |health| {
            health.cosigners.iter().any(|cosigner| cosigner.as_str() == code)
        })
        .await;
    }
}
