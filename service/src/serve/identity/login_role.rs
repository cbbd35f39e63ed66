//! The login role under which tokens are served: one that has no rights of its own, and cannot come by more than the
//! roles that tokens name. It is looked at on each new connection.

use tokio_postgres::Client;

/// What is wrong with the session's role, a line each.
const FAULTS: &str = "
    SELECT CASE WHEN r.oid = s.oid AND r.rolsuper THEN 'is a superuser'
                WHEN r.oid = s.oid AND r.rolbypassrls THEN 'bypasses row security'
                WHEN r.oid = s.oid AND r.rolcreaterole THEN 'may make roles'
                WHEN r.rolsuper THEN 'can become the superuser \"' || r.rolname::pg_catalog.text || '\"'
                WHEN r.rolbypassrls THEN 'can become \"' || r.rolname::pg_catalog.text || '\", which bypasses row security'
                WHEN r.rolcreaterole THEN 'can become \"' || r.rolname::pg_catalog.text || '\", which may make roles'
                WHEN r.rolname IN ('pg_execute_server_program', 'pg_write_server_files', 'pg_read_server_files')
                     THEN 'can become \"' || r.rolname::pg_catalog.text || '\", and with it what the server is'
                ELSE 'has the rights of \"' || r.rolname::pg_catalog.text || '\" by itself' END
      FROM pg_catalog.pg_roles s
      JOIN pg_catalog.pg_roles r ON pg_catalog.pg_has_role(s.oid, r.oid, 'MEMBER')
     WHERE s.rolname = SESSION_USER
       AND (r.rolsuper OR r.rolbypassrls OR r.rolcreaterole
            OR r.rolname IN ('pg_execute_server_program', 'pg_write_server_files', 'pg_read_server_files')
            OR (r.oid <> s.oid AND pg_catalog.pg_has_role(s.oid, r.oid, 'USAGE')))
     ORDER BY r.oid <> s.oid, r.rolname";

/// Why the connection's role may not be used with tokens; None if it may.
pub async fn fault(client: &Client) -> Result<Option<String>, tokio_postgres::Error> {
    let rows = client.query_typed(FAULTS, &[]).await?;
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    let fault: String = row.try_get(0)?;
    Ok(Some(format!(
        "the login role {fault}: with keys it has to be NOINHERIT, a member of the roles that tokens name, and nothing else"
    )))
}
