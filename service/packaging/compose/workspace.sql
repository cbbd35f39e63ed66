-- What a new database of compose.yaml begins with: a workspace, a role that manages it, and one that logs in for it.
SELECT phasegate.create_workspace('shop');
CREATE ROLE shop_manager;
SELECT phasegate.grant_access('shop', 'shop_manager', 'manager');
CREATE ROLE shop_login LOGIN NOINHERIT PASSWORD 'change-me';
GRANT shop_manager TO shop_login;
