-- Regions of several exchanges: the proof that each block was agreed, proposals that are not agreed yet, final
-- checkpoints, evidence of double signing, and the records of membership.
-- Why now: a block of a region is agreed by votes, which whoever catches up must see; a vote that was given has to
-- outlive the node together with the block that it is for; and a checkpoint is final only with the cosignatures of more
-- than two thirds of the exchanges, which come after the block.
--
-- Tables and columns are only added. The records of exchanges did change: each names its keys by height. Nobody has
-- deployed the earlier form; a database that holds it is refused as a whole instead of being read wrongly. So every
-- block that there is has its agreement.
DO $$
BEGIN
    IF EXISTS (SELECT FROM exchange WHERE NOT record ? 'consensus_key') THEN
        RAISE EXCEPTION 'this database holds exchanges of the form before regions, which this program cannot read'
            USING ERRCODE = 'feature_not_supported',
                HINT = 'Found a new ledger in an empty database, or keep this one with the program that wrote it.';
    END IF;
END
$$;

-- When an exchange leaves, its successor takes its book over.
ALTER TABLE posting
    DROP CONSTRAINT posting_kind_check,
    ADD CONSTRAINT posting_kind_check CHECK (kind IN ('deposit', 'withdrawal', 'hold', 'post', 'void', 'expire',
        'refund', 'fee', 'voucher', 'settlement', 'write_off', 'succession'));

CREATE TABLE member_proposal (
    name text COLLATE "C" PRIMARY KEY,
    record jsonb NOT NULL,
    exchange text COLLATE "C" NOT NULL GENERATED ALWAYS AS (record ->> 'exchange') STORED,
    proposed_by text COLLATE "C" NOT NULL GENERATED ALWAYS AS (record ->> 'proposed_by') STORED,
    change text COLLATE "C" NOT NULL GENERATED ALWAYS AS (record -> 'change' ->> 'name') STORED
        CHECK (change IN ('join', 'leave', 'replace_keys', 'suspend', 'reinstate')),
    state text COLLATE "C" NOT NULL GENERATED ALWAYS AS (record -> 'state' ->> 'name') STORED
        CHECK (state IN ('open', 'accepted', 'refused')),
    CHECK (record ->> 'id' = name)
);
CREATE INDEX member_proposal_exchange ON member_proposal (exchange, name);
CREATE INDEX member_proposal_state ON member_proposal (state, name);

CREATE TABLE misbehaviour (
    name text COLLATE "C" PRIMARY KEY,
    record jsonb NOT NULL,
    exchange text COLLATE "C" NOT NULL GENERATED ALWAYS AS (record -> 'evidence' ->> 'exchange') STORED,
    height bigint NOT NULL
        GENERATED ALWAYS AS ((record #>> '{evidence,first,message,height}')::bigint) STORED CHECK (height > 0),
    reported_by text COLLATE "C" NOT NULL GENERATED ALWAYS AS (record ->> 'reported_by') STORED,
    CHECK (record ->> 'id' = name)
);
CREATE INDEX misbehaviour_exchange ON misbehaviour (exchange, name);

-- How a block was agreed: in which round, whose turn it was in the first one, who authored the block, and who signed a
-- precommit of it (exchange to signature; none in a region of one). Written with the block, in its transaction. Rounds
-- are unsigned 32-bit numbers.
CREATE TABLE block_agreement (
    height bigint PRIMARY KEY CHECK (height > 0),
    round bigint NOT NULL CHECK (round BETWEEN 0 AND 4294967295),
    turn text COLLATE "C" NOT NULL CHECK (turn <> ''),
    proposer text COLLATE "C" NOT NULL CHECK (proposer <> ''),
    precommits jsonb NOT NULL CHECK (jsonb_typeof(precommits) = 'object')
);
CREATE TRIGGER block_agreement_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON block_agreement
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Proposed blocks of the height that is being agreed: this node's own memory, durable before it votes. A commit deletes
-- what it decides, so the table stays almost empty; it is vacuumed after few rows, for each may have 16 MiB.
CREATE TABLE block_undecided (
    height bigint NOT NULL CHECK (height > 0),
    round bigint NOT NULL CHECK (round BETWEEN 0 AND 4294967295),
    block_id bytea NOT NULL CHECK (octet_length(block_id) = 32),
    valid_round bigint CHECK (valid_round BETWEEN 0 AND 4294967295),
    proposer text COLLATE "C" NOT NULL CHECK (proposer <> ''),
    is_valid boolean NOT NULL,
    bytes bytea NOT NULL CHECK (octet_length(bytes) BETWEEN 1 AND 16777216),
    PRIMARY KEY (height, round, block_id)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 50, autovacuum_vacuum_cost_delay = 0,
    toast.autovacuum_vacuum_scale_factor = 0, toast.autovacuum_vacuum_threshold = 1000,
    toast.autovacuum_vacuum_cost_delay = 0);
ALTER TABLE block_undecided ALTER COLUMN bytes SET STORAGE EXTERNAL;

-- Final checkpoints with their cosignatures, at most one per block, since no two blocks end at the same leaf. The last
-- one is the largest.
CREATE TABLE final_checkpoint (
    tree_size bigint PRIMARY KEY CHECK (tree_size > 0),
    height bigint NOT NULL UNIQUE CHECK (height > 0),
    root bytea NOT NULL CHECK (octet_length(root) = 32),
    note text NOT NULL CHECK (note <> '')
);
CREATE TRIGGER final_checkpoint_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON final_checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Double signing that this node has seen, each pair of messages once, whichever came first. The ledger's own records of
-- it are in `misbehaviour`; `is_reported` says that this node has seen to it.
CREATE TABLE evidence (
    exchange text COLLATE "C" NOT NULL CHECK (exchange <> ''),
    height bigint NOT NULL CHECK (height > 0),
    digest bytea NOT NULL CHECK (octet_length(digest) = 32),
    proof jsonb NOT NULL,
    is_reported boolean NOT NULL DEFAULT false,
    PRIMARY KEY (exchange, height, digest),
    CHECK (proof ->> 'exchange' = exchange)
);
CREATE INDEX evidence_unreported ON evidence (height, exchange, digest) WHERE NOT is_reported;
