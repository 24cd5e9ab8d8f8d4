-- Apply before the code. The visitors and networks of a day's events are stored under a salt of the day, which is deleted
-- when the day is long final. Days that exist already, and those that an older server makes, have none: their events are
-- stored as before.

CREATE TABLE visitor_salts (
    day  date  PRIMARY KEY,
    salt bytea NOT NULL CHECK (length(salt) = 32)
);
