//! Names of accounts in the five classes that both programs know.

use databourse_settlement::{AccountId, Holder, Purpose};

/// An account as the books outside have it: one name, one or more commodities.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BookAccount {
    pub(super) class: Class,
    /// Parts with colons between. Each part begins with an upper-case letter, as beancount wants it.
    pub(super) name: String,
    pub(super) commodities: Vec<String>,
}

/// The classes that the ledger's accounts fall into. Nobody's equity or expenses are on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// What the exchange has.
    Assets,
    /// What the exchange owes: a party's money, held or not, vouchers, tax, and what it owes other exchanges.
    Liabilities,
    /// What the exchange earns: fees, and what bank lines exceeded, less what they fell short.
    Income,
}

impl Class {
    const fn of(purpose: Purpose) -> Self {
        match purpose {
            Purpose::Bank => Self::Assets,
            Purpose::Funds | Purpose::Voucher | Purpose::Tax | Purpose::Clearing => Self::Liabilities,
            Purpose::Fees | Purpose::Difference => Self::Income,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Assets => "Assets",
            Self::Liabilities => "Liabilities",
            Self::Income => "Income",
        }
    }
}

impl BookAccount {
    pub(super) fn new(id: &AccountId) -> Self {
        let class = Class::of(id.purpose);
        let holder = match &id.holder {
            // A code has no upper-case letters, so two codes stay two.
            Holder::Exchange(code) => format!("Exchange:{}", code.as_str().to_ascii_uppercase()),
            // `P` because an id may begin with a lower-case letter.
            Holder::Party(party) => format!("Party:P{party}"),
        };
        let purpose = match id.purpose {
            Purpose::Funds => "Funds",
            Purpose::Voucher => "Voucher",
            Purpose::Tax => "Tax",
            Purpose::Fees => "Fees",
            Purpose::Bank => "Bank",
            Purpose::Clearing => "Clearing",
            Purpose::Difference => "Difference",
        };
        let name = format!("{}:{holder}:{purpose}", class.as_str());
        Self { class, name, commodities: vec![id.asset.code().to_owned()] }
    }
}

/// An entry's type for a description: what would end it or begin a comment becomes `?`. The ledger takes no such type;
/// a damaged database may have one.
pub(super) fn plain(text: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "._-".contains(character);
    text.chars().map(|character| if is_plain(character) { character } else { '?' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(id: &str, name: &str) {
        assert_eq!(BookAccount::new(&id.parse().unwrap()).name, name);
    }

    #[test]
    fn each_purpose_has_its_class_and_each_part_begins_upper_case() {
        check("exchange:sh:bank:CNY/2", "Assets:Exchange:SH:Bank");
        check("exchange:sh:fees:CNY/2", "Income:Exchange:SH:Fees");
        check("exchange:s2:tax:XTS/3", "Liabilities:Exchange:S2:Tax");
        let party = "f19b8bab-068b-7000-8000-000000000001";
        check("exchange:sh:clearing:CNY/2", "Liabilities:Exchange:SH:Clearing");
        check("exchange:sh:difference:CNY/2", "Income:Exchange:SH:Difference");
        for (purpose, title) in [("funds", "Funds"), ("voucher", "Voucher"), ("tax", "Tax")] {
            check(&format!("party:{party}:{purpose}:CNY/2"), &format!("Liabilities:Party:P{party}:{title}"));
        }
    }

    #[test]
    fn a_type_ends_no_description() {
        assert_eq!(plain("order.accept"), "order.accept");
        assert_eq!(plain("a\"b;c\nd|e"), "a?b?c?d?e");
    }
}
