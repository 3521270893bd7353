-- The journal: every posting of every transaction, in the order of the ledger.
-- Why now: accounts keep totals only; a statement, and the proof that the totals are right, need the postings.
--
-- A posting is named by the entry that made it, the number of the transaction within that entry and the leg within
-- the transaction. Side and kind are spelt as in the records. That debits equal credits is a rule over many rows; the
-- trial balance checks it, and the rules make it so.
CREATE TABLE posting (
    leaf_index bigint NOT NULL CHECK (leaf_index >= 0),
    transaction_no integer NOT NULL CHECK (transaction_no >= 0),
    leg integer NOT NULL CHECK (leg >= 0),
    account text COLLATE "C" NOT NULL,
    side text COLLATE "C" NOT NULL CHECK (side IN ('debit', 'credit')),
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    asset text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL
        CHECK (kind IN ('deposit', 'withdrawal', 'hold', 'release', 'return', 'refund')),
    window_name text COLLATE "C" NOT NULL,
    PRIMARY KEY (leaf_index, transaction_no, leg)
);
CREATE INDEX posting_account ON posting (account, leaf_index, transaction_no, leg);
CREATE TRIGGER posting_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON posting
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
