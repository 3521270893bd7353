-- Keys that an exchange keeps for parties that entrusted it, sealed by the node before they come here.
-- Why now: such a party signs in with a password and still has a key of its own in the ledger. This is the one table
-- that is not part of the ledger's state: it is this node's, is never replicated, and losing it loses the keys.
CREATE TABLE custody_key (
    party uuid PRIMARY KEY,
    key_id text COLLATE "C" NOT NULL UNIQUE,
    sealed bytea NOT NULL CHECK (octet_length(sealed) > 0),
    made_at timestamptz NOT NULL DEFAULT now()
);
