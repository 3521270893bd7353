//! Names of the elements that are read. An element of another name is skipped with all that is in it.

/// The names, sorted.
const NAMES: [&str; 59] = [
    "Acct",
    "AcctSvcrRef",
    "Agt",
    "Amt",
    "AmtDtls",
    "Bal",
    "BkToCstmrDbtCdtNtfctn",
    "BkToCstmrStmt",
    "BookgDt",
    "Btch",
    "Ccy",
    "Cd",
    "CdOrPrtry",
    "CdtDbtInd",
    "CdtTrfTxInf",
    "Cdtr",
    "CdtrAcct",
    "CreDtTm",
    "Dbtr",
    "DbtrAcct",
    "Dt",
    "DtTm",
    "EndToEndId",
    "FICdtTrf",
    "FinInstnId",
    "GrpHdr",
    "IBAN",
    "Id",
    "InstrId",
    "IntrBkSttlmAmt",
    "NbOfNtries",
    "NbOfTxs",
    "Nm",
    "Ntfctn",
    "Ntry",
    "NtryDtls",
    "NtryRef",
    "Othr",
    "PmtId",
    "Prtry",
    "Pty",
    "Refs",
    "RltdPties",
    "RvslInd",
    "Stmt",
    "Sts",
    "Sum",
    "Tp",
    "TtlAmt",
    "TtlCdtNtries",
    "TtlDbtNtries",
    "TtlIntrBkSttlmAmt",
    "TtlNetNtry",
    "TtlNetNtryAmt",
    "TtlNtries",
    "TxAmt",
    "TxDtls",
    "TxsSummry",
    "ValDt",
];

/// The name, if it is one that is read.
pub(crate) fn known(name: &str) -> Option<&'static str> {
    NAMES.binary_search(&name).ok().map(|place| NAMES[place])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_sorted_so_that_each_is_found() {
        assert!(NAMES.is_sorted());
        assert!(NAMES.iter().all(|name| known(name) == Some(name)));
        assert_eq!(known("Document"), None, "only the root is one");
    }
}
