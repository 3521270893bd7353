-- The ledger itself: blocks, entries, finished tiles of the tree, and the one row that says how far all of it goes.
-- Why now: everything else is state that can be computed again from these four tables.
--
-- Numbers that count leaves, blocks and milliseconds are bigint; the program refuses what would not fit. Times are
-- milliseconds since 1970 as the entries carry them, never the server's clock.

-- One row: where the ledger ends. It moves in the same transaction as everything that a block writes, and only from
-- the height before, so a block cannot be committed twice or over a gap. The row is rewritten with every block: half
-- of its page is left free for the new version (a HOT update, no index to touch).
CREATE TABLE chain_head (
    is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    height bigint NOT NULL CHECK (height > 0),
    block_id bytea NOT NULL CHECK (octet_length(block_id) = 32),
    time_ms bigint NOT NULL CHECK (time_ms >= 0),
    tree_size bigint NOT NULL CHECK (tree_size > 0),
    root bytea NOT NULL CHECK (octet_length(root) = 32)
) WITH (fillfactor = 50);

CREATE TABLE block (
    height bigint PRIMARY KEY CHECK (height > 0),
    block_id bytea NOT NULL CHECK (octet_length(block_id) = 32),
    time_ms bigint NOT NULL CHECK (time_ms >= 0),
    header_index bigint NOT NULL CHECK (header_index >= 0),
    tree_size bigint NOT NULL CHECK (tree_size > header_index),
    root bytea NOT NULL CHECK (octet_length(root) = 32)
);

-- No index on entry_id: the record `answer` of that name says where the entry stands.
CREATE TABLE entry (
    leaf_index bigint PRIMARY KEY CHECK (leaf_index >= 0),
    height bigint NOT NULL CHECK (height > 0),
    entry_id uuid NOT NULL,
    entry_type text NOT NULL CHECK (entry_type <> ''),
    bytes bytea NOT NULL CHECK (octet_length(bytes) BETWEEN 1 AND 65535),
    leaf_hash bytea NOT NULL CHECK (octet_length(leaf_hash) = 32)
);
-- Signed base64url does not get smaller: do not spend time on trying.
ALTER TABLE entry ALTER COLUMN bytes SET STORAGE EXTERNAL;

-- Entries per type, so that a summary does not read the whole ledger. Few rows, rewritten with every block.
CREATE TABLE entry_count (
    entry_type text PRIMARY KEY,
    entry_count bigint NOT NULL CHECK (entry_count > 0)
) WITH (fillfactor = 50);

-- Full tiles only (C2SP tlog-tiles): 256 hashes that never change. Unfinished ones follow from the entries.
CREATE TABLE tile (
    level smallint NOT NULL CHECK (level BETWEEN 0 AND 7),
    tile_index bigint NOT NULL CHECK (tile_index >= 0),
    hashes bytea NOT NULL CHECK (octet_length(hashes) = 8192),
    PRIMARY KEY (level, tile_index)
);
ALTER TABLE tile ALTER COLUMN hashes SET STORAGE EXTERNAL;

-- What is written once stays. The trigger fires per statement and only on changes, so appending costs nothing.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END
$$;
CREATE TRIGGER block_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON block
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER entry_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER tile_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON tile
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
