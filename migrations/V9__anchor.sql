-- Anchors: what the region put on a public chain, with transaction and block.
-- Why now: checkpoints and statements are anchored by contracts, and the ledger itself says where. Only added.
CREATE TABLE anchor (
    name text COLLATE "C" PRIMARY KEY,
    record jsonb NOT NULL,
    kind text COLLATE "C" NOT NULL GENERATED ALWAYS AS (record -> 'subject' ->> 'name') STORED
        CHECK (kind IN ('checkpoint', 'statement')),
    CHECK (record ->> 'id' = name)
);
CREATE INDEX anchor_kind ON anchor (kind, name);
