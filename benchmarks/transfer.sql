\set account random(0, 49)
BEGIN;
UPDATE purse SET amount = amount - 0.06 WHERE account = 'line-' || :account AND kind = 'a';
UPDATE purse SET amount = amount + 0.06 WHERE account = 'line-' || :account AND kind = 'b';
COMMIT;
