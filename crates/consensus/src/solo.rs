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
        while app.commands_wait().await {
            let Err(failure) = step(&mut app).await else {
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
async fn step<A: LedgerApp>(app: &mut A) -> Result<(), A::Error> {
    let height = app.last_height().next();
    let Some(block) = app.build(height, Demand::IfAccepted).await? else { return Ok(()) };
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
        async fn commands_wait(&self) -> bool {
            self.work > 0
        }
        async fn screen(&mut self) -> Result<bool, Broken> {
            Err(Broken)
        }
        async fn build(&mut self, height: Height, _demand: Demand) -> Result<Option<Block>, Broken> {
            self.call("build")?;
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
            self.work -= 1;
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
        let app = Script { height: 0, work: 1, failures: failures.to_vec().into(), calls: Vec::new() };
        let (_sender, halt) = watch::channel(halted);
        assert_eq!(Solo.run(app, halt).await.0.calls, expected, "after {failures:?}");
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
