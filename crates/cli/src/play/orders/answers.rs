//! What is sent, and how each answer is counted.

use super::{
    replay::{Replay, Sent},
    tally::Group,
};
use crate::play::batch::Answer;
use anyhow::{Result, bail};
use databourse_client::Problem;
use databourse_market::Command;
use databourse_primitives::{EntryId, PartyId};

impl Replay<'_> {
    pub(super) async fn send(
        &mut self,
        id: EntryId,
        on_behalf_of: Option<PartyId>,
        command: impl Into<Command>,
        sent: Sent,
    ) -> Result<()> {
        let answers = self.batch.push(id, on_behalf_of, command, sent).await?;
        self.take(answers).await
    }

    pub(super) async fn take(&mut self, answers: Vec<Answer<Sent>>) -> Result<()> {
        for answer in answers {
            self.count(answer)?;
        }
        // Only now are the orders committed from which the node composes certificates.
        for order in std::mem::take(&mut self.completed) {
            let id = self.ids.id(0, &format!("certificate {order}"))?;
            let answers = self.certificates.push_certificate(id, order, Sent::Certificate).await?;
            for answer in answers {
                self.count(answer)?;
            }
        }
        Ok(())
    }

    pub(super) async fn finish(&mut self) -> Result<()> {
        let answers = self.batch.flush().await?;
        self.take(answers).await?;
        for answer in self.certificates.flush().await? {
            self.count(answer)?;
        }
        if !self.cancelled.is_empty() {
            bail!("{} cancellation lines have no answer", self.cancelled.len());
        }
        Ok(())
    }

    pub(super) fn count(&mut self, answer: Answer<Sent>) -> Result<()> {
        let refusal: Option<Problem> = answer.result.err();
        match (answer.tag, refusal) {
            (Sent::Ground(_) | Sent::Order(_) | Sent::Delivery(_), None) => {}
            (Sent::Ground(name), Some(problem)) => bail!("{name} was refused: {problem}"),
            (Sent::Order(order) | Sent::Delivery(order), Some(problem)) => {
                self.refused_orders.entry(order).or_insert(problem.code);
            }
            (Sent::Acceptance { order, lines }, None) => {
                self.completed.push(order);
                for milli in lines {
                    let group = if milli == 0 { Group::Free } else { Group::Purchase };
                    self.tally.add(group, milli.into());
                }
            }
            (Sent::Acceptance { order, lines }, Some(problem)) => {
                let code = self.refused_orders.remove(&order).unwrap_or(problem.code);
                for milli in lines {
                    self.tally.add(Group::refused(&code), milli.into());
                }
            }
            (Sent::Refund(cancellations), refusal) => {
                for csv_line in cancellations {
                    self.refunded(csv_line, refusal.as_ref())?;
                }
            }
            (Sent::Certificate, None) => self.certificate_count += 1,
            (Sent::Certificate, Some(problem)) => {
                *self.certificate_refusals.entry(problem.code).or_default() += 1;
            }
        }
        Ok(())
    }

    /// One part of a cancellation line has its answer; with the last part the line is counted.
    pub(super) fn refunded(&mut self, csv_line: u64, refusal: Option<&Problem>) -> Result<()> {
        let Some(line) = self.cancelled.get_mut(&csv_line) else {
            bail!("line {csv_line} was answered more often than it was asked for");
        };
        line.parts_left = line.parts_left.saturating_sub(1);
        match refusal {
            None => line.parts_accepted += 1,
            Some(problem) => line.code = Some(problem.code.clone()),
        }
        if line.parts_left > 0 {
            return Ok(());
        }
        let milli = i128::from(line.milli);
        let group = match (&line.code, line.parts_accepted) {
            (None, _) => Group::Refund,
            (Some(code), 0) => Group::refused(code),
            (Some(code), _) => bail!("line {csv_line} was refunded in part only: {code}"),
        };
        self.cancelled.remove(&csv_line);
        self.tally.add(group, milli);
        Ok(())
    }
}
