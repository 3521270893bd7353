//! The engine of a region of one exchange: every block is proposed, checked and committed by the same node.

use crate::{
    CommitCertificate, Demand, End, LedgerApp, Orderer, Verdict,
    pause::{Pause, recover},
};
use tokio::sync::watch;
use tracing::{error, info, warn};

/// Ordering without peers. What waits when the last block is durable becomes the next block: the batch grows with the
/// load and nothing ever waits for a timer.
#[derive(Debug, Clone, Copy, Default)]
pub struct Solo;

impl Orderer for Solo {
    async fn run<A: LedgerApp>(self, mut app: A, mut halt: watch::Receiver<bool>) -> (A, End) {
        let mut end = End::Drained;
        let mut pause = Pause::default();
        loop {
            if let Some(obstacle) = app.obstacle() {
                end = End::Broken(obstacle);
                break;
            }
            // What is due is made even when no command will come any more: the node is about to stop.
            let demand = if app.is_block_due() { Demand::Always } else { Demand::IfAccepted };
            if demand == Demand::IfAccepted && !app.commands_wait().await {
                break;
            }
            let Err(failure) = step(&mut app, demand).await else {
                pause = Pause::default();
                continue;
            };
            warn!(error = %failure, "the store failed; reading the committed state again");
            // A store that answers but fails again, a full disk for one, is not asked without end.
            if !pause.wait(&mut halt).await || !recover(&mut app, &mut pause, &mut halt).await {
                error!("halted while the store cannot be used");
                end = End::Halted;
                break;
            }
            info!(height = app.last_height().0, "recovered");
        }
        // The authors of the last block learn what became of it, even if that has to be read from the store.
        if let Err(failure) = app.settle().await {
            warn!(error = %failure, "the last commit failed; reading the committed state");
            recover(&mut app, &mut pause, &mut halt).await;
        }
        app.abandon();
        (app, end)
    }
}

/// One block: build, check, commit.
async fn step<A: LedgerApp>(app: &mut A, demand: Demand) -> Result<(), A::Error> {
    let height = app.last_height().next();
    let Some(block) = app.build(height, demand).await? else { return Ok(()) };
    match app.check(&block).await? {
        Verdict::Valid => app.commit(block, CommitCertificate::solo()).await,
        verdict => {
            // A node that refuses its own block has lost its mind, not its commands: read everything again.
            error!(?verdict, height = height.0, "own block is not valid");
            app.recover().await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Decided, HeightParams, Undecided};
    use databourse_ledger::{Block, BlockHeader, DoubleSigning, SigningKey};
    use databourse_merkle::empty_root;
    use databourse_primitives::{Digest, Height, Timestamp, TreeSize};
    use std::{collections::VecDeque, ops::RangeInclusive};

    #[derive(Debug)]
    struct Broken;
    impl std::fmt::Display for Broken {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("broken")
        }
    }
    impl std::error::Error for Broken {}

    /// An application that fails on command and writes down what is asked of it.
    struct Script {
        height: u64,
        work: u32,
        /// The height up to which blocks are due without work.
        due: u64,
        /// The height after which it makes none.
        last: u64,
        failures: VecDeque<&'static str>,
        calls: Vec<&'static str>,
    }

    impl Script {
        fn call(&mut self, name: &'static str) -> Result<(), Broken> {
            self.calls.push(name);
            if self.failures.front() == Some(&name) {
                self.failures.pop_front();
                return Err(Broken);
            }
            Ok(())
        }
    }

    impl LedgerApp for Script {
        type Error = Broken;
        fn last_height(&self) -> Height {
            Height(self.height)
        }
        fn is_block_due(&self) -> bool {
            self.height < self.due
        }
        fn obstacle(&self) -> Option<String> {
            (self.height >= self.last).then(|| "the keys are replaced".to_owned())
        }
        async fn commands_wait(&self) -> bool {
            self.work > 0
        }
        async fn screen(&mut self) -> Result<bool, Broken> {
            Err(Broken)
        }
        async fn build(&mut self, height: Height, demand: Demand) -> Result<Option<Block>, Broken> {
            self.call(if demand == Demand::Always { "demand" } else { "build" })?;
            let digest = Digest::of(b"");
            let fields =
                BlockHeader::for_commands(height, Timestamp::EPOCH, &[], digest, TreeSize(0), empty_root());
            let id = "019aa2b4-5c00-7000-8000-000000000001".parse().unwrap();
            let key = SigningKey::from_seed([1; 32]);
            Ok(Some(Block::new(fields, id, "sh".parse().unwrap(), Vec::new(), &key).unwrap()))
        }
        async fn check(&mut self, _block: &Block) -> Result<Verdict, Broken> {
            self.call("check").map(|()| Verdict::Valid)
        }
        async fn commit(&mut self, _block: Block, _certificate: CommitCertificate) -> Result<(), Broken> {
            self.call("commit")?;
            self.height += 1;
            self.work = self.work.saturating_sub(1);
            Ok(())
        }
        async fn settle(&mut self) -> Result<(), Broken> {
            self.call("settle")
        }
        async fn recover(&mut self) -> Result<(), Broken> {
            self.call("recover")
        }
        fn abandon(&mut self) {
            self.calls.push("abandon");
        }
        async fn height_params(&mut self) -> Result<HeightParams, Broken> {
            Err(Broken)
        }
        async fn save_undecided(&mut self, _undecided: &Undecided) -> Result<(), Broken> {
            Err(Broken)
        }
        async fn undecided(&mut self, _height: Height) -> Result<Vec<Undecided>, Broken> {
            Err(Broken)
        }
        async fn decided(&mut self, _range: RangeInclusive<Height>) -> Result<Vec<Decided>, Broken> {
            Err(Broken)
        }
        async fn record_evidence(&mut self, _evidence: Vec<DoubleSigning>) -> Result<(), Broken> {
            Err(Broken)
        }
    }

    async fn check(failures: &[&'static str], halted: bool, expected: &[&str]) {
        let app = Script { failures: failures.to_vec().into(), ..script(1, 0, u64::MAX) };
        let (_sender, halt) = watch::channel(halted);
        assert_eq!(Solo.run(app, halt).await.0.calls, expected, "after {failures:?}");
    }

    fn script(work: u32, due: u64, last: u64) -> Script {
        Script { height: 0, work, due, last, failures: VecDeque::new(), calls: Vec::new() }
    }

    #[tokio::test(start_paused = true)]
    async fn a_block_that_is_due_is_made_without_commands_and_none_behind_an_obstacle() {
        let check = async |work, due, last, expected: &[&str], end: End| {
            let (_sender, halt) = watch::channel(false);
            let (app, ended) = Solo.run(script(work, due, last), halt).await;
            assert_eq!((&*app.calls, ended), (expected, end), "{work} {due} {last}");
        };
        let broken = || End::Broken("the keys are replaced".to_owned());
        let (made, ended) = (["demand", "check", "commit"], ["settle", "abandon"]);
        check(0, 1, 9, &[&made[..], &ended].concat(), End::Drained).await;
        check(0, 2, 9, &[&made[..], &made, &ended].concat(), End::Drained).await;
        check(0, 1, 1, &[&made[..], &ended].concat(), broken()).await;
        check(1, 0, 1, &[&["build", "check", "commit"][..], &ended].concat(), broken()).await;
        check(7, 0, 0, &ended, broken()).await;
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_failure_the_state_is_read_again_before_the_next_block() {
        check(&[], false, &["build", "check", "commit", "settle", "abandon"]).await;
        check(&["build"], false, &["build", "recover", "build", "check", "commit", "settle", "abandon"])
            .await;
        check(
            &["commit", "recover"],
            false,
            &[
                "build", "check", "commit", "recover", "recover", "build", "check", "commit", "settle",
                "abandon",
            ],
        )
        .await;
        let twice = ["build", "recover", "build", "recover", "build", "check", "commit", "settle", "abandon"];
        check(&["build", "build"], false, &twice).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_halted_node_gives_up_on_a_store_that_is_gone() {
        check(&["commit", "recover"], true, &["build", "check", "commit", "recover", "settle", "abandon"])
            .await;
    }
}
