//! A database as libpq names it: a URL or "key=value" words, then PGHOST and the rest of the environment, a password
//! file, and TLS as its `sslmode` asks for.

mod encryption;

use crate::error::Failure;
use encryption::{Trust, encryption};
use std::path::{Path, PathBuf};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

/// A database, and how a connection to it is encrypted.
#[derive(Clone)]
pub struct Target {
    /// Where it is, and as whom.
    pub config: Config,
    /// How it is encrypted.
    pub tls: MakeRustlsConnect,
}

/// What our driver does not know of libpq's parameters, taken out of the text.
#[derive(Debug, Default, PartialEq, Eq)]
struct Taken {
    sslmode: Option<String>,
    sslrootcert: Option<PathBuf>,
    passfile: Option<PathBuf>,
}

impl Target {
    /// Reads a URL, or nothing, which means what the environment says.
    pub fn read(url: Option<&str>) -> Result<Target, Failure> {
        let (text, taken) = take(url.unwrap_or_default())?;
        let mut config: Config = text.parse().map_err(|error: tokio_postgres::Error| {
            Failure::usage(format!(
                "cannot use the database's URL: {}",
                crate::error::chain(&error)
            ))
        })?;
        from_environment(&mut config)?;
        let mode = taken
            .sslmode
            .clone()
            .or_else(|| variable("PGSSLMODE"))
            .unwrap_or_else(|| "prefer".to_owned());
        let (ssl, trust) = match mode.as_str() {
            "disable" | "allow" => (SslMode::Disable, Trust::Anyone),
            "prefer" => (SslMode::Prefer, Trust::Anyone),
            "require" => (SslMode::Require, Trust::Anyone),
            "verify-ca" | "verify-full" => (SslMode::Require, Trust::Certified),
            other => return Err(Failure::usage(format!("\"{other}\" is no sslmode"))),
        };
        config.ssl_mode(ssl);
        let root = taken
            .sslrootcert
            .or_else(|| variable("PGSSLROOTCERT").map(PathBuf::from));
        // As libpq: require with a root certificate means verify-ca.
        let trust = if ssl == SslMode::Require && root.is_some() {
            Trust::Certified
        } else {
            trust
        };
        if config.get_password().is_none() {
            let file = taken
                .passfile
                .or_else(|| variable("PGPASSFILE").map(PathBuf::from))
                .or_else(|| variable("HOME").map(|home| Path::new(&home).join(".pgpass")));
            if let Some(password) = file.and_then(|file| from_password_file(&file, &config)) {
                config.password(password);
            }
        }
        Ok(Target {
            config,
            tls: encryption(trust, root.as_deref())?,
        })
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Takes out of a URL, or of "key=value" words, what the driver would not understand.
fn take(text: &str) -> Result<(String, Taken), Failure> {
    let mut taken = Taken::default();
    if text.starts_with("postgres://") || text.starts_with("postgresql://") {
        let Some((before, query)) = text.split_once('?') else {
            return Ok((text.to_owned(), taken));
        };
        let mut kept = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            if !note(&mut taken, key, &unescaped(value)) {
                kept.push(pair);
            }
        }
        let rest = if kept.is_empty() {
            before.to_owned()
        } else {
            format!("{before}?{}", kept.join("&"))
        };
        return Ok((rest, taken));
    }
    let mut kept = Vec::new();
    for (key, value) in words(text)? {
        if !note(&mut taken, &key, &value) {
            kept.push(format!(
                "{key}='{}'",
                value.replace('\\', "\\\\").replace('\'', "\\'")
            ));
        }
    }
    Ok((kept.join(" "), taken))
}

/// Whether the parameter is one that is dealt with here, or that changes nothing for us.
fn note(taken: &mut Taken, key: &str, value: &str) -> bool {
    match key {
        "sslmode" => taken.sslmode = Some(value.to_owned()),
        "sslrootcert" => taken.sslrootcert = Some(PathBuf::from(value)),
        "passfile" => taken.passfile = Some(PathBuf::from(value)),
        "client_encoding"
        | "fallback_application_name"
        | "gssencmode"
        | "sslsni"
        | "sslcompression" => {}
        _ => return false,
    }
    true
}

/// The value with its %XX replaced.
fn unescaped(value: &str) -> String {
    percent_encoding::percent_decode_str(value)
        .decode_utf8_lossy()
        .into_owned()
}

/// The words of a connection string: key = value, key='a value', backslash before what is meant as it is.
fn words(text: &str) -> Result<Vec<(String, String)>, Failure> {
    let mut found = Vec::new();
    let mut rest = text.chars().peekable();
    loop {
        while rest.next_if(|c| c.is_whitespace()).is_some() {}
        let mut key = String::new();
        while let Some(c) = rest.next_if(|c| *c != '=' && !c.is_whitespace()) {
            key.push(c);
        }
        while rest.next_if(|c| c.is_whitespace()).is_some() {}
        if key.is_empty() && rest.peek().is_none() {
            return Ok(found);
        }
        if rest.next() != Some('=') {
            // Not with the text, in which a password may be.
            return Err(Failure::usage(
                "cannot use the database's URL: it is neither a URL nor words such as dbname=shop",
            ));
        }
        while rest.next_if(|c| c.is_whitespace()).is_some() {}
        let quoted = rest.next_if_eq(&'\'').is_some();
        let mut value = String::new();
        while let Some(c) = rest.next_if(|c| quoted || !c.is_whitespace()) {
            match c {
                '\'' if quoted => break,
                '\\' => value.extend(rest.next()),
                c => value.push(c),
            }
        }
        found.push((key, value));
    }
}

/// Fills in what the text left out, as libpq does.
fn from_environment(config: &mut Config) -> Result<(), Failure> {
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        match variable("PGHOST") {
            Some(hosts) => {
                for host in hosts.split(',') {
                    config.host(host);
                }
            }
            // Where Debian's libpq looks, then where PostgreSQL's own does.
            None if Path::new("/var/run/postgresql").is_dir() => {
                config.host_path("/var/run/postgresql");
            }
            None => {
                config.host_path("/tmp");
            }
        }
    }
    if config.get_ports().is_empty()
        && let Some(ports) = variable("PGPORT")
    {
        for port in ports.split(',') {
            config.port(
                port.parse()
                    .map_err(|_| Failure::usage(format!("PGPORT \"{port}\" is no port")))?,
            );
        }
    }
    if config.get_user().is_none()
        && let Some(user) = variable("PGUSER")
    {
        config.user(user);
    }
    if config.get_dbname().is_none()
        && let Some(name) = variable("PGDATABASE")
    {
        config.dbname(name);
    }
    if config.get_password().is_none()
        && let Some(password) = variable("PGPASSWORD")
    {
        config.password(password);
    }
    if config.get_application_name().is_none() {
        config.application_name(variable("PGAPPNAME").unwrap_or_else(|| "phasegate".to_owned()));
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(std::time::Duration::from_secs(10));
    }
    Ok(())
}

/// The password that a file such as ~/.pgpass has for the first host. Where others may read the file, it is passed over.
fn from_password_file(file: &Path, config: &Config) -> Option<String> {
    use std::os::unix::fs::PermissionsExt;
    let about = std::fs::metadata(file).ok()?;
    if !about.is_file() || about.permissions().mode() & 0o077 != 0 {
        return None;
    }
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(name)) => name.clone(),
        Some(Host::Unix(_)) | None => "localhost".to_owned(),
    };
    let port = config
        .get_ports()
        .first()
        .copied()
        .unwrap_or(5432)
        .to_string();
    let user = config
        .get_user()
        .map(String::from)
        .or_else(|| variable("USER"))?;
    let name = config.get_dbname().unwrap_or(&user).to_owned();
    let wanted = [host, port, name, user];
    std::fs::read_to_string(file)
        .ok()?
        .lines()
        .find_map(|line| password_of(line, &wanted))
}

fn password_of(line: &str, wanted: &[String; 4]) -> Option<String> {
    let mut fields = Vec::new();
    let mut field = String::new();
    let mut characters = line.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => field.extend(characters.next()),
            ':' if fields.len() < 4 => fields.push(std::mem::take(&mut field)),
            c => field.push(c),
        }
    }
    fields.push(field);
    let fits = fields.len() == 5
        && !line.starts_with('#')
        && fields
            .iter()
            .zip(wanted)
            .all(|(field, wanted)| field == "*" || field == wanted);
    if fits { fields.pop() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_driver_does_not_know_is_taken_out_of_a_url() {
        let (rest, taken) =
            take("postgresql:///shop?host=%2Ftmp&sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem")
                .unwrap();
        assert_eq!(rest, "postgresql:///shop?host=%2Ftmp");
        assert_eq!(taken.sslmode.as_deref(), Some("verify-full"));
        assert_eq!(taken.sslrootcert, Some(PathBuf::from("/etc/ca.pem")));
    }

    #[test]
    fn words_are_read_with_quotes_and_backslashes() {
        let found = words(r"host=/tmp  dbname = 'my \'db' password=a\\b").unwrap();
        let found: Vec<_> = found
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect();
        assert_eq!(
            found,
            [("host", "/tmp"), ("dbname", "my 'db"), ("password", r"a\b")]
        );
        assert!(words("nonsense").is_err());
    }

    #[test]
    fn a_line_of_a_password_file_fits_by_its_four_fields() {
        let wanted = ["localhost", "5432", "shop", "app"].map(String::from);
        assert_eq!(
            password_of("localhost:*:shop:app:a\\:b", &wanted).as_deref(),
            Some("a:b")
        );
        assert_eq!(password_of("localhost:*:shop:other:a", &wanted), None);
        assert_eq!(password_of("#localhost:*:shop:app:a", &wanted), None);
    }
}
