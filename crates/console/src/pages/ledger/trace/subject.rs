//! What is traced, by its name in the ledger.

use databourse_primitives::{CertificateNumber, EntryId, LicenceId};

/// What is traced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Subject {
    /// Whatever is named by the entry that made it.
    Entry(EntryId),
    /// A line of an order.
    Licence(LicenceId),
    /// A certificate, which is its order's.
    Certificate(CertificateNumber),
}

impl Subject {
    /// Reads a name; nothing if it is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let entry = text.parse().map(Self::Entry).ok();
        let entry = entry.or_else(|| text.parse().map(Self::Licence).ok());
        entry.or_else(|| text.to_ascii_lowercase().parse().map(Self::Certificate).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_ledger_are_told_apart() {
        let order = "019aa2b4-5c00-7000-8000-000000000005";
        assert!(matches!(Subject::parse(order), Some(Subject::Entry(_))));
        assert!(matches!(Subject::parse(&format!("{order}.1")), Some(Subject::Licence(_))));
        assert!(matches!(Subject::parse("SH-2026-00000001"), Some(Subject::Certificate(_))));
        for bad in ["", "port", "sh-2026", "../../x", "019aa2b4"] {
            assert_eq!(Subject::parse(bad), None, "{bad}");
        }
    }
}
