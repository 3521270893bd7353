//! What leaves: instructions, the file of them, and the names that banks carry back.

use crate::Directory;
use databourse_primitives::{
    AmountMinor, Asset, Digest, ExchangeCode, InstructionId, ParseError, Refusal, RefusalCode,
    serde_as_string,
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt, str::FromStr};

/// The longest reference that ISO 20022 carries from end to end (`Max35Text`).
pub(crate) const REFERENCE_CHARACTERS_MAX: usize = 35;

/// One payment of a settlement window: `payer` pays `payee`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentInstruction {
    /// Its name, e.g. `CNY/2#7/1`.
    pub id: InstructionId,
    /// The exchange that owes.
    pub payer: ExchangeCode,
    /// The exchange that receives.
    pub payee: ExchangeCode,
    /// The asset of its window.
    pub asset: Asset,
    /// How much, in minor units.
    pub amount_minor: AmountMinor,
}

/// A file of instructions, ready to be handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentFile {
    /// A name for it that is safe in every file system, e.g. `pacs.009-CNY.2-7-sh.xml`.
    pub name: String,
    /// Its media type.
    pub media_type: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Name of a message, chosen by its sender and never used for another: 1 to 35 letters, digits, `.` or `-`, with a
/// letter or digit at either end. A message that is sent again keeps its name; then its bytes are the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(Box<str>);

impl MessageId {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MessageId {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-".contains(&byte);
        let outer = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        let shape = text.len() <= REFERENCE_CHARACTERS_MAX
            && text.bytes().all(allowed)
            && outer(text.as_bytes().first())
            && outer(text.as_bytes().last());
        if shape {
            Ok(Self(text.into()))
        } else {
            Err(ParseError::new("a message id of 1 to 35 letters, digits, `.` or `-`"))
        }
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
serde_as_string!(MessageId);

/// The instruction's name as banks carry it: `CNY/2#7/1` is `CNY.2-7-1`, since `#` is not in the character set that
/// payment systems share (SWIFT set x) and `/` is restricted there. [`instruction_of`] turns it back.
pub fn end_to_end_id(id: InstructionId) -> String {
    let window = id.window;
    format!("{}.{}-{}-{}", window.asset.code(), window.asset.scale(), window.number, id.number)
}

/// The instruction that a bank's reference names; `None` if the reference is not one of ours.
pub fn instruction_of(reference: &str) -> Option<InstructionId> {
    let (code, rest) = reference.split_once('.')?;
    let mut parts = rest.splitn(3, '-');
    let (scale, window, number) = (parts.next()?, parts.next()?, parts.next()?);
    let id: InstructionId = format!("{code}/{scale}#{window}/{number}").parse().ok()?;
    // One name has one spelling.
    (end_to_end_id(id) == reference).then_some(id)
}

/// The unique end-to-end transaction reference: a UUIDv4 made of SHA-256 over message and instruction, so that a
/// message that is made again has the same ones. RFC 9562 §5.4 leaves the other 122 bits to the maker.
pub fn uetr(instruction: &PaymentInstruction, message_id: &MessageId) -> String {
    let PaymentInstruction { id, payer, payee, asset, amount_minor } = instruction;
    let words =
        format!("databourse uetr v1\n{message_id}\n{id}\n{payer}\n{payee}\n{asset}\n{amount_minor}\n");
    let digest = Digest::of(words.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.as_bytes()[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

/// Refuses what no file of instructions can mean; gives the one payer and asset.
pub(crate) fn one_payer<'a>(
    instructions: &'a [PaymentInstruction],
    directory: &Directory,
) -> Result<(&'a ExchangeCode, Asset), Refusal> {
    let body =
        |field: String, expected: &'static str| Refusal::new(RefusalCode::BodyMalformed, field, expected);
    let first = instructions.first().ok_or_else(|| body(String::new(), "at least one instruction"))?;
    let mut ids = BTreeSet::new();
    for (index, instruction) in instructions.iter().enumerate() {
        let field = |name: &str| format!("instructions[{index}].{name}");
        if instruction.payer != first.payer {
            return Err(body(field("payer"), "one payer in a file"));
        }
        if instruction.asset != first.asset {
            return Err(body(field("asset"), "one asset in a file"));
        }
        if instruction.id.window.asset != instruction.asset {
            return Err(body(field("id"), "an instruction of a window of the asset"));
        }
        if !ids.insert(instruction.id) {
            return Err(body(field("id"), "each instruction once"));
        }
        if end_to_end_id(instruction.id).len() > REFERENCE_CHARACTERS_MAX {
            return Err(body(field("id"), "a reference of at most 35 characters"));
        }
        if instruction.payee == instruction.payer {
            return Err(body(field("payee"), "another exchange than the payer"));
        }
        if instruction.amount_minor.is_zero() {
            return Err(Refusal::new(RefusalCode::AmountZero, field("amount_minor"), "more than nothing"));
        }
        for (name, exchange) in [("payer", &instruction.payer), ("payee", &instruction.payee)] {
            directory.agent(exchange).map_err(|refusal| refusal.within(&field(name)))?;
        }
    }
    Ok((&first.payer, first.asset))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(id: &str, reference: &str) {
        let id: InstructionId = id.parse().unwrap();
        assert_eq!(end_to_end_id(id), reference);
        assert_eq!(instruction_of(reference), Some(id));
    }

    #[test]
    fn an_instruction_is_named_in_the_banks_character_set_and_back() {
        check("CNY/2#7/1", "CNY.2-7-1");
        check("JPY/0#1/1", "JPY.0-1-1");
        check("CNY/2#18446744073709551615/4294967295", "CNY.2-18446744073709551615-4294967295");
        for other in [
            "",
            "NOTPROVIDED",
            "CNY/2#7/1",
            "CNY.2-7-01",
            "CNY.2-07-1",
            "CNY.2-7-0",
            "CNY.2-0-1",
            "CNY.2-7-1-1",
            "cny.2-7-1",
            "CNY.2-7",
            "CNY.2-7-1 ",
            "CNY.2-7-+1",
            "CNY..2-7-1",
            "CNY.2/2#7-1",
        ] {
            assert_eq!(instruction_of(other), None, "{other:?}");
        }
    }

    #[test]
    fn a_uetr_is_a_uuid_of_version_4_that_depends_on_everything() {
        let instruction = |id: &str, payee: &str, amount_minor| PaymentInstruction {
            id: id.parse().unwrap(),
            payer: "sh".parse().unwrap(),
            payee: payee.parse().unwrap(),
            asset: "CNY/2".parse().unwrap(),
            amount_minor: AmountMinor::new(amount_minor).unwrap(),
        };
        let message = |text: &str| text.parse::<MessageId>().unwrap();
        let made = [
            uetr(&instruction("CNY/2#7/1", "zj", 1), &message("m1")),
            uetr(&instruction("CNY/2#7/1", "zj", 1), &message("m2")),
            uetr(&instruction("CNY/2#7/2", "zj", 1), &message("m1")),
            uetr(&instruction("CNY/2#7/1", "js", 1), &message("m1")),
            uetr(&instruction("CNY/2#7/1", "zj", 2), &message("m1")),
        ];
        assert_eq!(made.iter().collect::<BTreeSet<_>>().len(), made.len());
        for text in &made {
            assert_eq!((text.len(), &text[14..15]), (36, "4"), "{text}");
            assert!(b"89ab".contains(&text.as_bytes()[19]), "{text}");
        }
        assert_eq!(made[0], uetr(&instruction("CNY/2#7/1", "zj", 1), &message("m1")));
    }

    #[test]
    fn a_message_id_is_safe_in_messages_and_file_names() {
        for good in ["1", "CNY.2-7-sh", &"x".repeat(35)] {
            assert!(good.parse::<MessageId>().is_ok(), "{good}");
        }
        for bad in ["", ".", "a/b", "a b", "-a", "a.", "数", &"x".repeat(36)] {
            assert!(bad.parse::<MessageId>().is_err(), "{bad}");
        }
    }
}
