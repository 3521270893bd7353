//! Before a real node (`anvil`): deploying, anchoring, waiting, losing, resuming, and a chain that changes its mind.

use crate::{
    artefacts::judges,
    evm::{ORIGIN, key_set, keys, refusal},
    samples::statement,
};
use alloy_primitives::{Address, B256, Bytes, U64};
use alloy_rpc_client::RpcClient;
use databourse_anchor::{
    Anchor, AnchorError, AnchorFile, AnchorKey, AnchorLog, AnchorSignature, Anchored, Chain, Patience,
    Signed, StatementTree, contracts::CheckpointAnchor as checkpoints, gather,
};
use databourse_testkit::anvil::Anvil;
use serde_json::{Value, json};
use std::time::Duration;

const ROOT: B256 = B256::repeat_byte(0xa1);
const OTHER: B256 = B256::repeat_byte(0xb2);

fn number(quantity: &Value) -> u64 {
    serde_json::from_value::<U64>(quantity.clone()).unwrap().to()
}

/// A chain that makes blocks only when it is told to.
struct ManualChain {
    anvil: Anvil,
    rpc: RpcClient,
}

impl ManualChain {
    fn start() -> Self {
        let anvil = Anvil::start(&judges(), &["--no-mining"]);
        let rpc = RpcClient::new_http(anvil.url().parse().unwrap());
        Self { anvil, rpc }
    }

    async fn ask(&self, method: &'static str, parameters: Value) -> Value {
        self.rpc.request(method, parameters).await.unwrap()
    }

    async fn mine(&self) {
        self.ask("evm_mine", json!([])).await;
    }

    async fn height(&self) -> u64 {
        number(&self.ask("eth_blockNumber", json!([])).await)
    }

    /// Block and sender of a transaction, as its receipt has them.
    async fn receipt(&self, transaction: B256) -> (u64, Address) {
        let receipt = self.ask("eth_getTransactionReceipt", json!([transaction])).await;
        (number(&receipt["blockNumber"]), receipt["from"].as_str().unwrap().parse().unwrap())
    }

    /// A block every 20 ms, for as long as `work` takes.
    async fn mining<T>(&self, work: impl Future<Output = T>) -> T {
        let blocks = async {
            let mut interval = tokio::time::interval(Duration::from_millis(20));
            loop {
                interval.tick().await;
                self.mine().await;
            }
        };
        tokio::select! {
            done = work => done,
            () = blocks => unreachable!(),
        }
    }
}

struct Place {
    chain: ManualChain,
    anchor: Anchor,
    payer: AnchorKey,
    keys: Vec<AnchorKey>,
}

const fn patience(confirmations: u64) -> Patience {
    Patience { confirmations, poll: Duration::from_millis(10), timeout: Duration::from_secs(60) }
}

/// Long enough to send, and no block comes.
const IN_VAIN: Patience =
    Patience { confirmations: 1, poll: Duration::from_millis(10), timeout: Duration::from_millis(400) };

impl Place {
    /// A chain without contracts, and a payer with money.
    async fn bare() -> Self {
        let manual = ManualChain::start();
        let payer = AnchorKey::from_seed(&[99; 32]).unwrap();
        manual.ask("anvil_setBalance", json!([payer.address(), "0x56bc75e2d63100000"])).await;
        let keys = keys(1, 4);
        let log = AnchorLog { origin: ORIGIN.to_owned(), founding: key_set(&keys) };
        let chain = Chain::connect(manual.anvil.url()).await.unwrap();
        let from_block = chain.height().await.unwrap();
        let file = AnchorFile::planned(chain.id(), payer.address(), 0, from_block, log);
        let anchor = Anchor::new(chain, file).unwrap();
        Self { chain: manual, anchor, payer, keys }
    }

    async fn founded() -> Self {
        let place = Self::bare().await;
        place.chain.mining(place.anchor.deploy(&place.payer, patience(1))).await.unwrap();
        place
    }

    fn signatures(&self, signed: &Signed) -> Vec<Bytes> {
        let file = self.anchor.file();
        let sign = |key| AnchorSignature::sign(key, file, signed.clone()).unwrap();
        let signatures: Vec<_> = self.keys.iter().map(sign).collect();
        gather(file, &key_set(&self.keys), signed, &signatures).unwrap()
    }

    async fn submit(&self, size: u64, root: B256, patience: Patience) -> Result<Anchored, AnchorError> {
        let signatures = self.signatures(&Signed::Checkpoint { size, root });
        self.anchor.submit_checkpoint(&self.payer, (size, root), &signatures, patience).await
    }

    async fn sent_count(&self) -> u64 {
        let payer = self.payer.address();
        number(&self.chain.ask("eth_getTransactionCount", json!([payer, "latest"])).await)
    }
}

#[tokio::test]
async fn contracts_are_deployed_once_and_a_checkpoint_is_anchored_with_its_confirmations() {
    let place = Place::founded().await;
    assert_eq!(place.sent_count().await, 3);
    // Again, by somebody who lost the answer: nothing is sent.
    place.anchor.deploy(&place.payer, patience(1)).await.unwrap();
    assert_eq!(place.sent_count().await, 3);
    let state = place.anchor.state().await.unwrap();
    assert_eq!(
        (state.size, state.version, state.keys, state.equivocation),
        (0, 0, key_set(&place.keys), None)
    );
    let anchored = place.chain.mining(place.submit(10, ROOT, patience(5))).await.unwrap();
    assert!(place.chain.height().await >= anchored.block + 4, "five blocks, its own counted");
    assert_eq!(anchored.contract, place.anchor.file().checkpoint_anchor);
    let receipt = place.chain.receipt(anchored.transaction).await;
    assert_eq!(receipt, (anchored.block, place.payer.address()));
    assert_eq!(place.anchor.root_of(10).await.unwrap(), Some(ROOT));
    let state = place.anchor.state().await.unwrap();
    assert_eq!((state.size, state.root), (10, ROOT));
    // The whole again, without a new block or transaction.
    assert_eq!(place.submit(10, ROOT, patience(1)).await.unwrap(), anchored);
    assert_eq!(place.sent_count().await, 4);
}

#[tokio::test]
async fn what_was_sent_before_the_sender_was_lost_is_found_and_not_sent_again() {
    let place = Place::founded().await;
    let lost = place.submit(10, ROOT, IN_VAIN).await.unwrap_err();
    assert!(matches!(lost, AnchorError::TimedOut(_)), "{lost}");
    assert_eq!(place.sent_count().await, 3, "no block yet");
    let anchored = place.chain.mining(place.submit(10, ROOT, patience(2))).await.unwrap();
    assert_eq!(place.sent_count().await, 4);
    assert!(anchored.block > 0);
}

#[tokio::test]
async fn what_the_node_forgot_is_sent_again() {
    let place = Place::founded().await;
    place.submit(10, ROOT, IN_VAIN).await.unwrap_err();
    place.chain.ask("anvil_dropAllTransactions", json!([])).await;
    for _ in 0..3 {
        place.chain.mine().await;
    }
    assert_eq!(place.anchor.root_of(10).await.unwrap(), None, "it is gone");
    place.chain.mining(place.submit(10, ROOT, patience(2))).await.unwrap();
    assert_eq!(place.anchor.root_of(10).await.unwrap(), Some(ROOT));
}

#[tokio::test]
async fn a_reorganisation_that_undoes_an_anchor_is_survived() {
    let place = Place::founded().await;
    let before = place.chain.ask("evm_snapshot", json!([])).await;
    // Seen in a block, and not yet confirmed: the submission waits.
    let submission = place.submit(10, ROOT, patience(8));
    let undone = async {
        while place.anchor.root_of(10).await.unwrap().is_none() {
            place.chain.mine().await;
        }
        place.chain.mine().await;
        let first = place.chain.height().await;
        assert_eq!(place.chain.ask("evm_revert", json!([before])).await, json!(true));
        assert_eq!(place.anchor.root_of(10).await.unwrap(), None, "the other branch does not have it");
        first
    };
    tokio::pin!(submission);
    let first = tokio::select! {
        early = &mut submission => panic!("answered before its confirmations: {early:?}"),
        first = undone => first,
    };
    assert!(place.chain.height().await < first);
    let anchored = place.chain.mining(submission).await.unwrap();
    assert_eq!(place.anchor.root_of(10).await.unwrap(), Some(ROOT));
    let (block, _) = place.chain.receipt(anchored.transaction).await;
    assert_eq!(block, anchored.block, "the place is that of the branch that stayed");
}

#[tokio::test]
async fn a_second_history_is_never_sent_and_one_on_the_chain_is_seen() {
    let place = Place::founded().await;
    place.chain.mining(place.submit(10, ROOT, patience(1))).await.unwrap();
    let other = place.submit(10, OTHER, patience(1)).await.unwrap_err();
    let AnchorError::OtherRoot { size, anchored, ours } = other else { panic!("{other}") };
    assert_eq!((size, anchored, ours), (10, ROOT, OTHER));
    assert_eq!(place.sent_count().await, 4);
    let grown = place.submit(9, ROOT, patience(1)).await.unwrap_err();
    let AnchorError::Refused(grown) = grown else { panic!("{grown}") };
    let expected = checkpoints::CheckpointAnchorSizeNotGrown { size: 9, anchored: 10 };
    assert_eq!(grown, refusal(expected), "before anything is paid");
    // Somebody else submits what a dishonest quorum signed.
    let call = checkpoints::submitCall {
        log: place.anchor.file().log.id(),
        size: 10,
        root: OTHER,
        signatures: place.signatures(&Signed::Checkpoint { size: 10, root: OTHER }),
    };
    let (data, to) = (alloy_sol_types::SolCall::abi_encode(&call), place.anchor.file().checkpoint_anchor);
    let somebody = Address::with_last_byte(0x77);
    place.chain.ask("anvil_setBalance", json!([somebody, "0x56bc75e2d63100000"])).await;
    place.chain.ask("anvil_impersonateAccount", json!([somebody])).await;
    let transaction = json!({ "from": somebody, "to": to, "data": Bytes::from(data), "gas": "0xf4240" });
    place.chain.ask("eth_sendTransaction", json!([transaction])).await;
    place.chain.mine().await;
    assert_eq!(place.anchor.state().await.unwrap().equivocation, Some((10, ROOT, OTHER)));
    let frozen = place.submit(11, ROOT, patience(1)).await.unwrap_err();
    assert!(matches!(frozen, AnchorError::Refused(_)), "{frozen}");
}

#[tokio::test]
async fn keys_change_and_a_statement_is_anchored_and_its_lines_are_verified() {
    let mut place = Place::founded().await;
    place.chain.mining(place.submit(1_000, ROOT, patience(1))).await.unwrap();
    let next = keys(30, 5);
    let signed = Signed::Keys { version: 1, keys: key_set(&next) };
    let signatures = place.signatures(&signed);
    let set = key_set(&next);
    for _ in 0..2 {
        let change = place.anchor.change_keys(&place.payer, (1, &set), &signatures, patience(2));
        place.chain.mining(change).await.unwrap();
    }
    assert_eq!(place.sent_count().await, 5);
    place.keys = next;
    assert_eq!(place.anchor.state().await.unwrap().keys, set);
    let tree = StatementTree::new(&statement(9)).unwrap();
    let of = tree.signed_with(1_000, ROOT);
    let signatures = place.signatures(&Signed::Statement(of.clone()));
    let submit = || place.anchor.submit_statement(&place.payer, &of, &signatures, patience(2));
    let anchored = place.chain.mining(submit()).await.unwrap();
    assert_eq!(place.chain.mining(submit()).await.unwrap(), anchored);
    assert_eq!(place.sent_count().await, 6);
    let mut line = tree.prove(4).unwrap();
    assert!(place.anchor.verify_line(&line).await.unwrap());
    line.leaf.effect_minor += 1;
    assert!(!place.anchor.verify_line(&line).await.unwrap());
    let other = databourse_anchor::StatementRoot { root: OTHER, ..of.clone() };
    let refused = place.anchor.submit_statement(&place.payer, &other, &signatures, patience(2)).await;
    assert!(matches!(refused, Err(AnchorError::OtherStatement { .. })));
}

#[tokio::test]
async fn what_cannot_be_is_said_at_once() {
    let place = Place::bare().await;
    for url in ["127.0.0.1:8545", "https://127.0.0.1", "http://", "http://127.0.0.1:1"] {
        let error = Chain::connect(url).await.unwrap_err();
        assert!(matches!(error, AnchorError::Url(_) | AnchorError::Node(_)), "{url}: {error}");
    }
    let chain = Chain::connect(place.chain.anvil.url()).await.unwrap();
    let mut file = place.anchor.file().clone();
    file.chain_id = 1;
    let other = Anchor::new(chain, file).unwrap_err();
    assert!(matches!(other, AnchorError::OtherChain { expected: 1, found: 31_337 }));
    for confirmations in [0, 121] {
        let error = place.anchor.deploy(&place.payer, patience(confirmations)).await.unwrap_err();
        assert!(matches!(error, AnchorError::Confirmations(_)));
    }
    // Nothing is deployed yet.
    let missing = place.submit(10, ROOT, patience(1)).await.unwrap_err();
    assert!(matches!(missing, AnchorError::Node(_)), "{missing}");
    // The account does something else first.
    let gift = json!({ "from": place.payer.address(), "to": Address::ZERO, "value": "0x1" });
    place.chain.ask("anvil_impersonateAccount", json!([place.payer.address()])).await;
    place.chain.ask("eth_sendTransaction", json!([gift])).await;
    place.chain.mine().await;
    let taken = place.anchor.deploy(&place.payer, patience(1)).await.unwrap_err();
    assert!(matches!(taken, AnchorError::NonceTaken { nonce: 0, .. }), "{taken}");
    assert_eq!(place.sent_count().await, 1);
}
