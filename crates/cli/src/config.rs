//! Configuration: a TOML file, overridden field by field by the environment.

mod console;
mod region;
mod settlement;

pub(crate) use console::{ConsoleSection, SignInSection};
pub(crate) use region::RegionSection;
pub(crate) use settlement::SettlementSection;

use crate::region::genesis::Genesis;
use anyhow::{Context as _, Result, anyhow, bail, ensure};
use databourse_exchange::{Entropy, Founding, NodeKeys, RegionConfig};
use databourse_ledger::VerifierKey;
use databourse_primitives::{BilingualText, ExchangeCode, Line};
use databourse_witness::WitnessClient;
use serde::Deserialize;
use std::{
    collections::BTreeSet,
    net::SocketAddr,
    num::NonZeroUsize,
    path::{Path, PathBuf},
};
use toml::{Table, Value};

/// Every field with its default and what it means; also where the defaults come from.
pub(crate) const EXAMPLE: &str = include_str!("../databourse.example.toml");

/// How an exchange is set up.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) exchange: ExchangeSection,
    pub(crate) region: RegionSection,
    pub(crate) database: DatabaseSection,
    pub(crate) node: NodeSection,
    pub(crate) http: HttpSection,
    pub(crate) console: ConsoleSection,
    pub(crate) sign_in: SignInSection,
    pub(crate) settlement: SettlementSection,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExchangeSection {
    pub(crate) code: ExchangeCode,
    pub(crate) name_zh: String,
    pub(crate) name_en: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DatabaseSection {
    pub(crate) url: String,
    pub(crate) reader_urls: Vec<String>,
    pub(crate) data_dir: PathBuf,
    pub(crate) reader_count: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NodeSection {
    pub(crate) key_file: PathBuf,
    pub(crate) pool_capacity: usize,
    pub(crate) working_set_records: NonZeroUsize,
    /// Empty: `snapshots` in the folder of the private cluster.
    pub(crate) snapshot_dir: PathBuf,
    /// Witnesses outside the region.
    pub(crate) witnesses: Vec<WitnessSection>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WitnessSection {
    pub(crate) url: String,
    pub(crate) key: VerifierKey,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HttpSection {
    pub(crate) listen: SocketAddr,
}

impl Config {
    /// The defaults, overridden by `file` if there is one, then by the environment.
    ///
    /// # Errors
    /// A file that cannot be read, or a field that is unknown or of the wrong form; the message names it.
    pub(crate) fn load(file: Option<&Path>) -> Result<Self> {
        let text = match file {
            Some(path) => std::fs::read_to_string(path)
                .with_context(|| format!("the configuration {} cannot be read", path.display()))?,
            None => String::new(),
        };
        let name = file.map_or_else(|| "the defaults".to_owned(), |path| path.display().to_string());
        Self::from_text(&text, |variable| std::env::var(variable).ok())
            .with_context(|| format!("the configuration ({name}) is not valid"))
    }

    /// The defaults alone.
    ///
    /// # Errors
    /// None: the tests see to it.
    pub(crate) fn defaults() -> Result<Self> {
        Self::from_text("", |_| None)
    }

    /// The defaults, overridden by `file` and nothing else: where several nodes are run, the environment means none of
    /// them.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub(crate) fn of_file(file: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("the configuration {} cannot be read", file.display()))?;
        Self::from_text(&text, |_| None)
            .with_context(|| format!("the configuration ({}) is not valid", file.display()))
    }

    fn from_text(text: &str, variable: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let mut table: Table = toml::from_str(EXAMPLE).context("the built-in defaults")?;
        let given: Table = toml::from_str(text)?;
        for (section, fields) in given {
            let Value::Table(fields) = fields else { bail!("`{section}` is a section: write `[{section}]`") };
            match table.get_mut(&section) {
                Some(Value::Table(known)) => {
                    for (field, value) in fields {
                        if !known.contains_key(&field) {
                            bail!(
                                "[{section}] has no field `{field}`; see `databourse serve --print-config`"
                            );
                        }
                        known.insert(field, value);
                    }
                }
                _ => bail!("there is no section [{section}]; see `databourse serve --print-config`"),
            }
        }
        for (section, fields) in &mut table {
            let Value::Table(fields) = fields else { continue };
            for (field, value) in fields {
                let name = format!("DATABOURSE_{}_{}", section.to_uppercase(), field.to_uppercase());
                if let Some(text) = variable(&name) {
                    *value = overriding(value, &text).with_context(|| format!("the variable {name}"))?;
                }
            }
        }
        Ok(table.try_into()?)
    }

    /// What a new ledger begins with.
    ///
    /// # Errors
    /// A name that is empty or too long.
    pub(crate) fn founding(&self) -> Result<Founding> {
        match self.genesis()? {
            Some(genesis) => Ok(crate::region::node::founding(genesis)),
            None => self.region.founding(named(&self.exchange.name_zh, &self.exchange.name_en)?),
        }
    }

    /// The origin of the ledger's checkpoints.
    ///
    /// # Errors
    /// As [`Config::founding`].
    pub(crate) fn origin(&self) -> Result<Line> {
        Ok(self.genesis()?.map_or_else(|| self.region.origin.clone(), |genesis| genesis.region.origin))
    }

    /// Where the node keeps snapshots.
    pub(crate) fn snapshot_folder(&self) -> PathBuf {
        if self.node.snapshot_dir.as_os_str().is_empty() {
            self.database.data_dir.join("snapshots")
        } else {
            self.node.snapshot_dir.clone()
        }
    }

    /// How the node agrees with the others of its region; `None` for a node alone.
    pub(crate) fn region_config(&self) -> Option<RegionConfig> {
        self.region.node(&self.database.data_dir)
    }

    /// The witnesses outside the region that the node asks.
    ///
    /// # Errors
    /// One that cannot be asked, or a name that two of them have.
    pub(crate) fn witnesses(&self) -> Result<Vec<WitnessClient>> {
        let mut names = BTreeSet::new();
        let client = |witness: &WitnessSection| {
            let WitnessSection { url, key } = witness;
            ensure!(names.insert(key.name().to_owned()), "[node] has two witnesses named `{}`", key.name());
            WitnessClient::new(url, key.clone()).with_context(|| format!("[node] has the witness {url}"))
        };
        self.node.witnesses.iter().map(client).collect()
    }

    fn genesis(&self) -> Result<Option<Genesis>> {
        self.region.genesis(&self.exchange.code)
    }

    /// The exchange's keys: made at the first start in a region of one node. One of several has them before it starts.
    ///
    /// # Errors
    /// A key file that is missing or cannot be used, or that of another exchange of the genesis file.
    pub(crate) fn keys(&self) -> Result<NodeKeys> {
        let file = &self.node.key_file;
        let Some(genesis) = self.genesis()? else {
            crate::commands::make_folder_of(file)?;
            return Ok(NodeKeys::load_or_generate(file, &Entropy::Os)?);
        };
        let keys = NodeKeys::load(file)?;
        let known = genesis.knows(&self.exchange.code, &keys);
        if !known.with_context(|| format!("key file {}", file.display()))? {
            // The ledger says more than the genesis file: keys are replaced, and exchanges join.
            let (file, code) = (file.display(), &self.exchange.code);
            eprintln!(
                "the keys in {file} are not those that `{code}` founded the region with: they count if they replaced \
                 those, or if `{code}` joined with them"
            );
        }
        Ok(keys)
    }

    /// The same, with everything in the folder `data`.
    pub(crate) fn in_folder(mut self, data: &Path) -> Self {
        self.database.url = String::new();
        self.database.reader_urls = Vec::new();
        self.database.data_dir = data.to_owned();
        self.node.key_file = data.join("keys.toml");
        self
    }
}

/// A name in two languages.
fn named(zh: &str, en: &str) -> Result<BilingualText> {
    BilingualText::new(Some(zh), Some(en)).map_err(|error| anyhow!("a name: {error}"))
}

/// A variable's text as a value of the same type as the default.
fn overriding(default: &Value, text: &str) -> Result<Value> {
    if default.is_str() {
        return Ok(Value::String(text.to_owned()));
    }
    let mut table: Table = toml::from_str(&format!("value = {text}"))?;
    table.remove("value").ok_or_else(|| anyhow!("expected a TOML value"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing(_: &str) -> Option<String> {
        None
    }

    #[test]
    fn the_example_is_the_default_and_founds_a_ledger() {
        let config = Config::from_text("", nothing).unwrap();
        assert_eq!(Config::from_text(EXAMPLE, nothing).unwrap(), config);
        let founding = config.founding().unwrap();
        assert_eq!((founding.assets.len(), founding.schedules.len(), founding.taxes.len()), (2, 2, 2));
        let (fees, yearly) = (&founding.schedules[0].fees, &founding.schedules[0].yearly);
        assert_eq!((fees.len(), yearly.values().map(|fee| fee.get()).sum::<i64>()), (1, 998_000));
    }

    #[test]
    fn every_field_of_the_example_is_explained() {
        let (mut explained, mut listed) = (false, false);
        for line in EXAMPLE.lines() {
            if line.starts_with('[') {
                // The fields of a repeated table are explained together, above the first.
                listed = line.starts_with("[[");
            } else if line.is_empty() || line.starts_with('#') {
                explained = !line.is_empty();
            } else {
                assert!(explained || listed || line.starts_with("name_"), "{line}");
            }
        }
    }

    #[test]
    fn the_environment_overrides_the_file_which_overrides_the_defaults() {
        let file = "[http]\nlisten = \"127.0.0.1:1\"\n[node]\npool_capacity = 5\n";
        let variable = |name: &str| match name {
            "DATABOURSE_HTTP_LISTEN" => Some("0.0.0.0:9".to_owned()),
            "DATABOURSE_REGION_ASSETS" => Some("[\"CNY/2\"]".to_owned()),
            _ => None,
        };
        let config = Config::from_text(file, variable).unwrap();
        assert_eq!(config.http.listen.to_string(), "0.0.0.0:9");
        assert_eq!((config.node.pool_capacity, config.region.assets.len()), (5, 1));
        assert_eq!(config.exchange.code.as_str(), "sh");
    }

    #[test]
    fn a_witness_is_asked_once_and_by_http() {
        let key = "w.example+";
        let signer = databourse_ledger::NoteSigner::new(
            "w.example",
            databourse_ledger::NoteKeyType::CosignatureV1,
            databourse_ledger::SigningKey::from_seed([3; 32]),
        );
        let known = signer.unwrap().verifier_key().to_string();
        assert!(known.starts_with(key));
        let asked = |urls: &[&str]| {
            let list: Vec<_> =
                urls.iter().map(|url| format!("{{ url = \"{url}\", key = \"{known}\" }}")).collect();
            let text = format!("[node]\nwitnesses = [{}]\n", list.join(", "));
            Config::from_text(&text, nothing).unwrap().witnesses().map(|witnesses| witnesses.len())
        };
        assert_eq!(asked(&["http://127.0.0.1:8090"]).unwrap(), 1);
        assert!(asked(&["https://w.example"]).is_err());
        assert!(asked(&["http://a.example", "http://b.example"]).is_err());
    }

    #[test]
    fn a_misspelt_field_is_named() {
        for (text, named) in [
            ("[http]\nlitsen = \"x\"", "litsen"),
            ("[htp]\nlisten = \"x\"", "htp"),
            ("http = 1", "http"),
            ("[http]\nlisten = \"here\"", "listen"),
            ("[exchange]\ncode = \"Shanghai!\"", "code"),
        ] {
            let error = Config::from_text(text, nothing).unwrap_err();
            assert!(format!("{error:#}").contains(named), "{error:#}");
        }
    }
}
