//! An EVM in memory with both contracts on it.

use alloy_primitives::{Address, B256, Bytes, Log, TxKind};
use alloy_sol_types::{SolCall, SolError};
use databourse_anchor::{
    AnchorFile, AnchorKey, AnchorLog, AnchorSignature, ContractRefusal, KeySet, Signed,
    contracts::{CheckpointAnchor, checkpoint_anchor_code, statement_anchor_code},
    gather,
};
use revm::{
    Context, ExecuteCommitEvm as _, ExecuteEvm as _, MainBuilder as _, MainContext as _, MainnetEvm,
    context::TxEnv,
    context_interface::result::{ExecutionResult, Output},
    database::InMemoryDB,
    handler::MainnetContext,
    primitives::hardfork::SpecId,
};

pub(crate) const ORIGIN: &str = "databourse.example/yangtze";

/// Fewer than a transaction may have, enough for all.
const GAS_LIMIT: u64 = 16_000_000;

/// What a call came to.
pub(crate) struct Done<T> {
    pub(crate) value: T,
    pub(crate) gas: u64,
    pub(crate) logs: Vec<Log>,
}

pub(crate) struct Evm {
    evm: MainnetEvm<MainnetContext<InMemoryDB>>,
    /// The exchanges' keys, in ascending order of their addresses.
    pub(crate) keys: Vec<AnchorKey>,
    pub(crate) file: AnchorFile,
    pub(crate) deploy_gas: [u64; 2],
}

/// `count` keys, the first with this seed, in ascending order of their addresses.
pub(crate) fn keys(first: u8, count: u8) -> Vec<AnchorKey> {
    let mut keys: Vec<_> =
        (first..first + count).map(|seed| AnchorKey::from_seed(&[seed; 32]).unwrap()).collect();
    keys.sort_by_key(AnchorKey::address);
    keys
}

pub(crate) fn key_set(keys: &[AnchorKey]) -> KeySet {
    KeySet::new(keys.iter().map(AnchorKey::address).collect(), None).unwrap()
}

/// A refusal of one of the contracts, as it is read from a chain.
#[track_caller]
pub(crate) fn refusal(error: impl SolError) -> ContractRefusal {
    let refusal = ContractRefusal::decode(&error.abi_encode());
    assert!(!matches!(refusal, ContractRefusal::Other(_)), "{refusal}");
    refusal
}

impl Evm {
    /// Both contracts, and no log.
    pub(crate) fn empty(count: u8) -> Self {
        let keys = keys(1, count);
        let deployer = Address::with_last_byte(0xd0);
        let log = AnchorLog { origin: ORIGIN.to_owned(), founding: key_set(&keys) };
        let file = AnchorFile::planned(1, deployer, 0, 0, log);
        let context = Context::mainnet().with_db(InMemoryDB::default()).modify_cfg_chained(|cfg| {
            cfg.set_spec_and_mainnet_gas_params(SpecId::OSAKA);
            cfg.disable_nonce_check = true;
        });
        let mut evm = Self { evm: context.build_mainnet(), keys, file, deploy_gas: [0; 2] };
        let codes = [checkpoint_anchor_code(), statement_anchor_code(evm.file.checkpoint_anchor)];
        for (place, code) in codes.into_iter().enumerate() {
            let transaction = evm.transaction(TxKind::Create, code);
            let result = evm.evm.transact_commit(transaction).unwrap();
            let gas = result.tx_gas_used();
            let ExecutionResult::Success { output: Output::Create(_, Some(address)), .. } = result else {
                panic!("{result:?}");
            };
            assert_eq!(address, [evm.file.checkpoint_anchor, evm.file.statement_anchor][place]);
            evm.deploy_gas[place] = gas;
        }
        evm
    }

    /// Both contracts and the log of four exchanges, of which three must sign.
    pub(crate) fn founded() -> Self {
        let mut evm = Self::empty(4);
        let log = evm.file.log.clone();
        let log = evm.found(&log).unwrap().value;
        assert_eq!(log, evm.log());
        evm
    }

    pub(crate) fn log(&self) -> B256 {
        self.file.log.id()
    }

    fn transaction(&self, kind: TxKind, data: Bytes) -> TxEnv {
        let builder = TxEnv::builder().caller(self.file.deployer).kind(kind).data(data);
        builder.gas_limit(GAS_LIMIT).gas_price(0).build().unwrap()
    }

    /// Calls the contract at `to` and keeps what it changes.
    pub(crate) fn send<C: SolCall>(
        &mut self,
        to: Address,
        call: &C,
    ) -> Result<Done<C::Return>, ContractRefusal> {
        let transaction = self.transaction(TxKind::Call(to), call.abi_encode().into());
        done::<C>(self.evm.transact_commit(transaction).unwrap())
    }

    /// Calls the contract at `to` and forgets what it changes.
    pub(crate) fn ask<C: SolCall>(
        &mut self,
        to: Address,
        call: &C,
    ) -> Result<Done<C::Return>, ContractRefusal> {
        let transaction = self.transaction(TxKind::Call(to), call.abi_encode().into());
        done::<C>(self.evm.transact(transaction).unwrap().result)
    }

    /// A view of the checkpoint anchor that must answer.
    pub(crate) fn checkpoints<C: SolCall>(&mut self, call: &C) -> C::Return {
        self.ask(self.file.checkpoint_anchor, call).map_err(|refusal| refusal.to_string()).unwrap().value
    }

    pub(crate) fn found(&mut self, log: &AnchorLog) -> Result<Done<B256>, ContractRefusal> {
        let quorum = alloy_primitives::U256::from(log.founding.quorum());
        let (origin, keys) = (log.origin.clone(), log.founding.keys().to_vec());
        self.send(self.file.checkpoint_anchor, &CheckpointAnchor::foundCall { origin, keys, quorum })
    }

    /// Signatures of the first `count` keys.
    pub(crate) fn signed(&self, count: usize, signed: &Signed) -> Vec<Bytes> {
        let sign = |key| AnchorSignature::sign(key, &self.file, signed.clone()).unwrap().signature;
        self.keys.iter().take(count).map(sign).collect()
    }

    /// Signatures of the quorum, as the command gathers them.
    pub(crate) fn gathered(&self, signed: &Signed) -> Vec<Bytes> {
        let set = key_set(&self.keys);
        // In another order than the contract wants them.
        let sign = |key| AnchorSignature::sign(key, &self.file, signed.clone()).unwrap();
        let signatures: Vec<_> = self.keys.iter().rev().take(set.quorum()).map(sign).collect();
        gather(&self.file, &set, signed, &signatures).unwrap()
    }

    pub(crate) fn submit(&mut self, size: u64, root: B256) -> Result<Done<()>, ContractRefusal> {
        let signatures = self.gathered(&Signed::Checkpoint { size, root });
        self.submit_with(size, root, signatures)
    }

    pub(crate) fn submit_with(
        &mut self,
        size: u64,
        root: B256,
        signatures: Vec<Bytes>,
    ) -> Result<Done<()>, ContractRefusal> {
        let call = CheckpointAnchor::submitCall { log: self.log(), size, root, signatures };
        let done = self.send(self.file.checkpoint_anchor, &call)?;
        Ok(Done { value: (), gas: done.gas, logs: done.logs })
    }
}

fn done<C: SolCall>(result: ExecutionResult) -> Result<Done<C::Return>, ContractRefusal> {
    let gas = result.tx_gas_used();
    match result {
        ExecutionResult::Success { output, logs, .. } => {
            let value = C::abi_decode_returns(output.data()).unwrap();
            Ok(Done { value, gas, logs })
        }
        ExecutionResult::Revert { output, .. } => Err(ContractRefusal::decode(&output)),
        halt @ ExecutionResult::Halt { .. } => panic!("{halt:?}"),
    }
}
