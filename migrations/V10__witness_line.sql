-- Lines of witnesses on a final checkpoint that is kept already.
-- Why now: a witness outside the region answers after the checkpoint was shown and kept, and its line was lost with the
-- process. A row may now gain text at its end and nothing else, so neither a checkpoint nor a line of one is ever lost.
CREATE FUNCTION refuse_all_but_more_lines() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.tree_size, NEW.height, NEW.root) IS DISTINCT FROM (OLD.tree_size, OLD.height, OLD.root)
        OR NOT starts_with(NEW.note, OLD.note) THEN
        RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
DROP TRIGGER final_checkpoint_is_append_only ON final_checkpoint;
CREATE TRIGGER final_checkpoint_is_append_only BEFORE DELETE OR TRUNCATE ON final_checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER final_checkpoint_gains_lines BEFORE UPDATE ON final_checkpoint
    FOR EACH ROW EXECUTE FUNCTION refuse_all_but_more_lines();
