-- Snapshots of the state that the region ordered, with what each exchange's copy came to.
-- Why now: a node that begins with nothing may begin from a snapshot that more than two thirds of the exchanges vouch
-- for, instead of executing every block from the first one on. Only added.
CREATE TABLE snapshot (
    name text COLLATE "C" PRIMARY KEY,
    record jsonb NOT NULL,
    place text COLLATE "C" NOT NULL GENERATED ALWAYS AS (lpad(name, 20, '0')) STORED,
    state text COLLATE "C" NOT NULL GENERATED ALWAYS AS (record -> 'state' ->> 'name') STORED
        CHECK (state IN ('open', 'attested')),
    CHECK (record ->> 'height' = name)
);
CREATE UNIQUE INDEX snapshot_place ON snapshot (place);
