-- Apply before the code. The e-mail address of a poster can be erased: of a used credit nothing else is ever changed.

CREATE FUNCTION refuse_changed_use() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(OLD) - 'poster_email' = to_jsonb(NEW) - 'poster_email' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'used credits are never changed or removed (law 3)'
        USING DETAIL = 'Only the address of a poster is erased.';
END $$;

CREATE OR REPLACE TRIGGER uses_stand BEFORE UPDATE OR DELETE ON credit_uses
    FOR EACH ROW EXECUTE FUNCTION refuse_changed_use();

-- On which day addresses of posters that are not needed any more were looked for last.
CREATE TABLE poster_retention (
    only_one  boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    looked_on date    NOT NULL
);
INSERT INTO poster_retention (looked_on) VALUES ('1970-01-01');
