//! Issuing certificates: the node composes what they state and gives them numbers. The rules check both.

use crate::{
    Acknowledgement, Acting, Submission, SubmitError,
    node::{Inner, NodeError},
};
use databourse_ledger::CertificateFile;
use databourse_licensing::{Licence, Order};
use databourse_market::{
    Answer, Certificate, CertificateFacts, Command, IssueCertificate, Key, Record, Stored, certificate_facts,
};
use databourse_party::{Exchange, KeyRecord, Party};
use databourse_primitives::{CertificateNumber, EntryId, LicenceId, OrderId, Refusal, RefusalCode};
use std::collections::{BTreeMap, BTreeSet};

type Records = BTreeMap<Key, Option<Record>>;

fn find<'a, T: Stored>(records: &'a Records, name: &impl std::fmt::Display) -> Option<&'a T> {
    records.get(&Key::of::<T>(name))?.as_ref().and_then(T::from_record)
}

impl Inner {
    async fn records(&self, keys: BTreeSet<Key>) -> Result<Records, NodeError> {
        Ok(self.store.load(&keys).await?.into_iter().collect())
    }

    /// Issues one certificate per request, numbered in their order. One call at a time: numbers follow the last
    /// committed one.
    pub(crate) async fn issue_certificates(
        &self,
        requests: Vec<(EntryId, OrderId)>,
    ) -> Vec<Result<Acknowledgement, SubmitError>> {
        let _one_at_a_time = self.certificate_turn.lock().await;
        let composed = match self.compose(&requests).await {
            Ok(composed) => composed,
            Err(error) => return requests.iter().map(|_| Err(SubmitError::from(&error))).collect(),
        };
        let mut submissions = Vec::new();
        let mut answers: Vec<Option<Result<Acknowledgement, SubmitError>>> =
            Vec::with_capacity(requests.len());
        for ((id, _), composed) in requests.into_iter().zip(composed) {
            match composed {
                Composed::Submit(issue) => {
                    let command = Command::IssueCertificate(*issue);
                    submissions.push(Submission::Command { id, acting: Acting::Exchange, command });
                    answers.push(None);
                }
                Composed::Known(answer) => answers.push(Some(answer)),
            }
        }
        let mut submitted = self.submit(submissions).await.into_iter();
        let lost = || Err(SubmitError::Unavailable { reason: "no answer".to_owned() });
        answers.into_iter().map(|known| known.or_else(|| submitted.next()).unwrap_or_else(lost)).collect()
    }

    async fn compose(&self, requests: &[(EntryId, OrderId)]) -> Result<Vec<Composed>, NodeError> {
        let mut keys: BTreeSet<Key> = requests
            .iter()
            .flat_map(|(id, order)| [Key::of::<Answer>(id), Key::of::<Order>(order)])
            .collect();
        keys.insert(Key::of::<Exchange>(&self.exchange));
        let mut records = self.records(keys).await?;
        let orders: Vec<Order> =
            requests.iter().filter_map(|(_, id)| find::<Order>(&records, id)).cloned().collect();
        let related = orders.iter().flat_map(|order| {
            let licences = (1..=order.line_count).map(|line| LicenceId { order: order.id, line });
            licences.map(|id| Key::of::<Licence>(&id)).chain([Key::of::<Party>(&order.buyer)])
        });
        records.extend(self.records(related.collect()).await?);
        let last = find::<Exchange>(&records, &self.exchange).map_or(0, |exchange| exchange.last_certificate);
        let year = self.clock.now().year();
        let mut sequence = last;
        let compose = |(id, order): &(EntryId, OrderId)| {
            if let Some(answer) = find::<Answer>(&records, id) {
                return Composed::Known(repeated(answer, *order));
            }
            match facts(&records, *order) {
                Ok(facts) => {
                    sequence += 1;
                    let number = CertificateNumber { exchange: self.exchange.clone(), year, sequence };
                    Composed::Submit(Box::new(IssueCertificate { order: *order, number, facts }))
                }
                Err(refusal) => Composed::Known(Err(refusal.into())),
            }
        };
        Ok(requests.iter().map(compose).collect())
    }

    /// The certificate as one small file that anybody can verify offline, `None` if there is none of that number.
    pub(crate) async fn certificate_file(
        &self,
        number: &CertificateNumber,
    ) -> Result<Option<CertificateFile>, NodeError> {
        let Some(certificate) = self.reader.get::<Certificate>(&number.to_string()).await? else {
            return Ok(None);
        };
        let damaged = |what: &str| NodeError::Damaged(format!("{what} of certificate {number}"));
        let answer = self.reader.get::<Answer>(&certificate.entry.to_string()).await?;
        let index = answer.ok_or_else(|| damaged("no entry"))?.leaf_index;
        let stored = self.reader.entry(index.0).await?.ok_or_else(|| damaged("no leaf"))?;
        let entry = databourse_ledger::Entry::parse(&stored.bytes)
            .map_err(|refusal| damaged(&refusal.to_string()))?;
        let key = self.reader.get::<KeyRecord>(&entry.kid().to_string()).await?;
        let author_key = key.ok_or_else(|| damaged("no key"))?.key;
        let Some(receipt) = self.publisher.receipt(&self.reader, index).await? else { return Ok(None) };
        Ok(Some(CertificateFile { entry, author_key, receipt }))
    }
}

enum Composed {
    Submit(Box<IssueCertificate>),
    Known(Result<Acknowledgement, SubmitError>),
}

fn facts(records: &Records, id: OrderId) -> Result<CertificateFacts, Refusal> {
    let unknown = || Refusal::new(RefusalCode::OrderUnknown, "order", "the id of a placed order");
    let order = find::<Order>(records, &id).ok_or_else(unknown)?;
    if let Some(number) = &order.certificate {
        let expected = format!("an order without a certificate; this one has {number}");
        return Err(Refusal::new(RefusalCode::CertificateIssued, "order", expected));
    }
    let buyer = find::<Party>(records, &order.buyer).ok_or_else(unknown)?;
    let lines = (1..=order.line_count).map(|line| LicenceId { order: id, line });
    certificate_facts(order, buyer, lines.filter_map(|line| find::<Licence>(records, &line)))
}

/// The first answer again, if the id stands for the certificate of the same order.
fn repeated(answer: &Answer, order: OrderId) -> Result<Acknowledgement, SubmitError> {
    if answer.intent == IssueCertificate::intent_of(order) {
        return Ok(Acknowledgement {
            id: answer.id,
            entry_type: answer.entry_type.clone(),
            leaf_index: answer.leaf_index,
            height: answer.height,
            repeated: true,
        });
    }
    let expected =
        format!("a new id; this one stands for the {} at leaf {}", answer.entry_type, answer.leaf_index);
    Err(Refusal::new(RefusalCode::EntryIdReused, "id", expected).into())
}
