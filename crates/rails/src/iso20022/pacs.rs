//! `pacs.009.001.08`, the credit transfer of financial institutions: written for the payer's bank, and read as that bank
//! (or a simulator of it) would.

use super::{
    Iso20022, NAMESPACE,
    amount::{account, amount, asset, check_count, check_sum},
};
use crate::{
    Agent, Directory, MessageId, PaymentFile, PaymentInstruction,
    currency::{currency_of, decimal},
    end_to_end_id, instruction_of,
    payment::one_payer,
    text_of, uetr,
    xml::{Element, Tree, Writer},
};
use databourse_primitives::{ExchangeCode, Refusal, Timestamp};

const MESSAGE: &str = "pacs.009.001.08";

pub(super) fn write(
    rail: &Iso20022,
    instructions: &[PaymentInstruction],
    directory: &Directory,
    created_at: Timestamp,
    message_id: &MessageId,
) -> Result<PaymentFile, Refusal> {
    let (payer, asset) = one_payer(instructions, directory)?;
    let payer = directory.agent(payer)?;
    let currency = currency_of(&asset)?;
    // At most as many as fit into memory, each at most 2^53: far inside an i128.
    let total: i128 = instructions.iter().map(|instruction| i128::from(instruction.amount_minor.get())).sum();
    let payees: Vec<&Agent> = instructions
        .iter()
        .map(|instruction| directory.agent(&instruction.payee))
        .collect::<Result<_, _>>()?;
    let day = rail.offset.date(created_at);
    let mut writer = Writer::new(&format!("{NAMESPACE}{MESSAGE}"));
    writer.element("FICdtTrf", |writer| {
        writer.element("GrpHdr", |writer| {
            writer.leaf("MsgId", message_id.as_str());
            writer.leaf("CreDtTm", &rail.offset.date_time(created_at));
            writer.leaf("NbOfTxs", &instructions.len().to_string());
            writer.amount("TtlIntrBkSttlmAmt", currency, &decimal(total, asset.scale()));
            writer.leaf("IntrBkSttlmDt", &day);
            writer.path(&["SttlmInf", "SttlmMtd"], rail.settlement_method.code());
            institution(writer, "InstgAgt", payer);
        });
        for (instruction, payee) in instructions.iter().zip(payees) {
            writer.element("CdtTrfTxInf", |writer| {
                let reference = end_to_end_id(instruction.id);
                writer.element("PmtId", |writer| {
                    writer.leaf("InstrId", &reference);
                    writer.leaf("EndToEndId", &reference);
                    writer.leaf("UETR", &uetr(instruction, message_id));
                });
                let amount = decimal(i128::from(instruction.amount_minor.get()), asset.scale());
                writer.amount("IntrBkSttlmAmt", currency, &amount);
                institution(writer, "InstdAgt", payee);
                for (party, held, agent) in [("Dbtr", "DbtrAcct", payer), ("Cdtr", "CdtrAcct", payee)] {
                    institution(writer, party, agent);
                    writer.element(held, |writer| {
                        writer.path(&["Id", "Othr", "Id"], agent.account.as_str());
                        writer.leaf("Ccy", currency);
                        writer.leaf("Nm", agent.holder.as_str());
                    });
                }
            });
        }
    });
    Ok(PaymentFile {
        name: format!("pacs.009-{message_id}.xml"),
        media_type: "application/xml",
        bytes: writer.finish(),
    })
}

fn institution(writer: &mut Writer, name: &'static str, agent: &Agent) {
    writer.element(name, |writer| {
        writer.element("FinInstnId", |writer| {
            if let Some(bic) = &agent.bic {
                writer.leaf("BICFI", bic.as_str());
            }
            if let Some(cnaps) = &agent.cnaps {
                writer.element("ClrSysMmbId", |writer| {
                    writer.path(&["ClrSysId", "Cd"], "CNAPS");
                    writer.leaf("MmbId", cnaps.as_str());
                });
            }
            writer.leaf("Nm", agent.name.as_str());
        });
    });
}

pub(super) fn read(bytes: &[u8], directory: &Directory) -> Result<Vec<PaymentInstruction>, Refusal> {
    let accepts = |namespace: &str| namespace.strip_prefix(NAMESPACE) == Some(MESSAGE);
    let tree = Tree::parse(text_of(bytes)?, accepts, "a `Document` of pacs.009.001.08")?;
    let message = tree.root().one("FICdtTrf")?;
    let mut instructions = Vec::new();
    let mut total = 0;
    for transfer in message.all("CdtTrfTxInf") {
        let names = transfer.one("PmtId")?;
        let reference = names.one("EndToEndId")?;
        let id = instruction_of(reference.text()?)
            .ok_or_else(|| reference.refuse("the reference of an instruction, e.g. `CNY.2-7-1`"))?;
        let place = transfer.one("IntrBkSttlmAmt")?;
        let asset = asset(place)?;
        let amount_minor = amount(place, asset)?;
        total += i128::from(amount_minor.get());
        let [payer, payee] = ["DbtrAcct", "CdtrAcct"].map(|held| exchange(transfer.one(held)?, directory));
        instructions.push(PaymentInstruction { id, payer: payer?, payee: payee?, asset, amount_minor });
    }
    let (_, asset) = one_payer(&instructions, directory)
        .map_err(|refusal| message.refuse_child("CdtTrfTxInf", refusal.expected))?;
    let header = message.one("GrpHdr")?;
    check_count(header, "NbOfTxs", instructions.len())?;
    check_sum(header, "TtlIntrBkSttlmAmt", asset, total)?;
    Ok(instructions)
}

fn exchange(held: Element<'_>, directory: &Directory) -> Result<ExchangeCode, Refusal> {
    let agent = directory.by_account(account(held)?.as_str());
    agent.map(|agent| agent.exchange.clone()).ok_or_else(|| held.refuse("an account of the directory"))
}
