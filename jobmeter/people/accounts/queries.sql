-- columns: person
id, email, name, language, time_zone, theme

-- columns: colleague
colleague.id, person_id, email, role

-- columns: listed
people.id, email, name, language, time_zone, theme, created_at,
(SELECT max(last_used_at) FROM person_sessions WHERE person_id = people.id) AS last_used_at,
(SELECT coalesce(jsonb_agg(jsonb_build_object('id', id, 'role', role, 'partner_id', partner_id,
        'application_id', application_id, 'hiring_contract_id', hiring_contract_id) ORDER BY id), '[]')
   FROM person_grants WHERE person_id = people.id) AS grants

-- name: insert_person
-- Nothing if there is one with the address, also of a transaction that is not yet committed.
INSERT INTO people (email, name, language, time_zone, theme, created_at)
VALUES (%(email)s, %(name)s, %(language)s, 'UTC', 'system', %(created_at)s)
    ON CONFLICT (email) DO NOTHING

-- name: find_person_by_email
SELECT {person}
  FROM people
 WHERE email = %(email)s

-- name: change_person
UPDATE people
   SET name = coalesce(%(name)s, name),
       language = coalesce(%(language)s, language),
       time_zone = coalesce(%(time_zone)s, time_zone),
       theme = coalesce(%(theme)s, theme)
 WHERE id = %(person_id)s
RETURNING {person}

-- name: find_listed
SELECT {listed}
  FROM people
 WHERE people.id = %(person_id)s

-- name: list_people
-- Everybody, or with a partner those who have a role there.
SELECT {listed}
  FROM people
 WHERE people.id > %(after)s
   AND (%(search)s = ''
        OR starts_with(email, lower(%(search)s))
        OR starts_with(lower(name), lower(%(search)s)))
   AND (%(partner_id)s::bigint IS NULL
        OR EXISTS (SELECT
                     FROM person_grants
                    WHERE person_id = people.id
                      AND partner_id = %(partner_id)s))
 ORDER BY people.id
 LIMIT %(rows_max)s

-- name: list_colleagues
SELECT {colleague}
  FROM person_grants AS colleague
  JOIN people ON people.id = person_id
 WHERE partner_id = %(partner_id)s
   AND colleague.id > %(after)s
 ORDER BY colleague.id
 LIMIT %(rows_max)s

-- name: find_colleague
SELECT {colleague}
  FROM person_grants AS colleague
  JOIN people ON people.id = person_id
 WHERE colleague.id = %(grant_id)s
   AND partner_id = %(partner_id)s

-- name: lock_partner
-- Changes of one partner's people run one after the other: its last manager is counted, not guessed.
SELECT pg_advisory_xact_lock(hashtextextended('people of ' || %(partner_id)s::bigint, 0))

-- name: count_people
SELECT count(DISTINCT person_id)
  FROM person_grants
 WHERE partner_id = %(partner_id)s

-- name: count_other_managers
SELECT count(*)
  FROM person_grants
 WHERE partner_id = %(partner_id)s
   AND role = 'PARTNER_MANAGER'
   AND person_id <> %(person_id)s

-- name: insert_grant
-- Nothing if the person has a role for the same thing already.
INSERT INTO person_grants (person_id, role, partner_id, application_id, hiring_contract_id, granted_at)
VALUES (%(person_id)s, %(role)s, %(partner_id)s, %(application_id)s, %(hiring_contract_id)s, %(granted_at)s)
    ON CONFLICT DO NOTHING

-- name: change_role
UPDATE person_grants
   SET role = %(role)s
 WHERE id = %(grant_id)s

-- name: delete_grant
DELETE FROM person_grants
 WHERE id = %(grant_id)s

-- name: delete_person
DELETE FROM people
 WHERE id = %(person_id)s

-- name: erase_person
DELETE FROM people
 WHERE email = %(email)s
