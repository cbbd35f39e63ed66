-- What a session has set of how the server words definitions changes nothing for phasegate, in new sessions and in those under way.
SELECT phasegate.create_workspace('Acme');
SET quote_all_identifiers = on;
SELECT phasegate.create_workspace('Acme');
SELECT check_name, violations FROM phasegate.check_workspace('Acme') WHERE violations > 0;
\c
SET quote_all_identifiers = on;
SET search_path = "Acme";
SELECT check_name, violations FROM phasegate.check_workspace() WHERE violations > 0;
SELECT phasegate.create_workspace('Acme');
SELECT * FROM phasegate.upgrade_workspace('Acme');
SELECT phasegate.create_workspace('another');
SELECT check_name, violations FROM phasegate.check_workspace('another') WHERE violations > 0;
SELECT phasegate.detach_workspace('another'), phasegate.create_workspace('another');
CREATE SCHEMA adopted;
CREATE TABLE adopted.tickets (id uuid PRIMARY KEY, title varchar(100) NOT NULL);
SELECT phasegate.create_workspace('adopted');
RESET quote_all_identifiers;
SELECT schema, sum(violations) FROM phasegate.workspaces, phasegate.check_workspace(schema) GROUP BY schema ORDER BY schema;
