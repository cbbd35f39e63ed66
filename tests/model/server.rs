//! The server: a workspace for histories, sessions in threads of their own, and one that watches them.

use crate::history::SESSIONS;
use crate::rules::{Rules, Template};
use phasegate::gates::requirements::Requirements;
use phasegate::phase::{Kind, Label, Phases};
use phasegate::workflow::transitions::Transitions;
use postgres::{Client, Config, NoTls, SimpleQueryMessage};
use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;
use uuid::Uuid;

/// A row as text, NULL as none.
pub type Row = Vec<Option<String>>;

/// What came of a statement: the rows of all its parts, or a SQLSTATE and message.
pub type Answer = Result<Vec<Row>, Failure>;

/// An error that the server reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub state: String,
    pub message: String,
}

fn query(client: &mut Client, sql: &str) -> Answer {
    let messages = client
        .simple_query(sql)
        .map_err(|error| match error.as_db_error() {
            Some(error) => Failure {
                state: error.code().code().to_owned(),
                message: format!(
                    "{} ({})",
                    error.message(),
                    error.detail().unwrap_or_default()
                ),
            },
            None => Failure {
                state: "connection".to_owned(),
                message: error.to_string(),
            },
        })?;
    Ok(messages
        .into_iter()
        .filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(
                (0..row.len())
                    .map(|column| row.get(column).map(str::to_owned))
                    .collect(),
            ),
            _ => None,
        })
        .collect())
}

struct Session {
    statements: Sender<String>,
    pid: String,
}

/// The workspace and its sessions; they serve one history after the other, with warm caches.
pub struct Server {
    owner: Client,
    sessions: Vec<Session>,
    answers: Receiver<(usize, Answer)>,
    /// Answers that came while that of another session was waited for.
    set_aside: RefCell<VecDeque<(usize, Answer)>>,
    /// The workspace's own configuration, as the model plays by it.
    pub rules: Rules,
}

/// Gates of all kinds, edges back, and templates that depend on each other. Sessions are of a role that
/// may do what an application may, and set the clock of its own failures.
const SETUP: &str = "
    DROP SCHEMA IF EXISTS model CASCADE;
    SELECT phasegate.create_workspace('model');
    SET search_path = model, phasegate;
    SET phasegate.actor = 'owner';
    INSERT INTO phase_transitions VALUES ('PHASE_DEPLOYMENT', 'PHASE_TESTING'), ('PHASE_IMPLEMENTATION', 'PHASE_DESIGN');
    DELETE FROM task_templates;
    INSERT INTO task_templates (id, phase_id, task_type, template_description, default_priority, dependencies_template) VALUES
        ('00000000-0000-7000-8000-000000000001', 'PHASE_IMPLEMENTATION', 'build', 'b', 'HIGH', NULL),
        ('00000000-0000-7000-8000-000000000002', 'PHASE_IMPLEMENTATION', 'check', 'c', 'MEDIUM', '[\"build\"]'),
        ('00000000-0000-7000-8000-000000000003', 'PHASE_TESTING', 'test', 't', 'CRITICAL', NULL);
    DELETE FROM phase_gate_requirements;
    INSERT INTO phase_gate_requirements VALUES
        ('PHASE_DESIGN', '{report}', false, '{\"report\": {\"all_passed\": true}}'),
        ('PHASE_IMPLEMENTATION', '{}', true, NULL),
        ('PHASE_TESTING', '{report}', true, '{\"report\": {\"all_passed\": true}}');
    DO $$ BEGIN CREATE ROLE model_app LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
    ALTER ROLE model_app SET deadlock_timeout = '20ms';
    GRANT USAGE ON SCHEMA model TO model_app;
    GRANT SELECT ON ALL TABLES IN SCHEMA model TO model_app;
    GRANT UPDATE (phase_id) ON tickets TO model_app;
    GRANT INSERT, UPDATE ON tasks TO model_app;
    GRANT INSERT, DELETE ON phase_gate_artifacts TO model_app;
    GRANT SET ON PARAMETER phasegate.now TO model_app;
";

fn parameters() -> Config {
    let named =
        |name: &str, default: &str| std::env::var(name).unwrap_or_else(|_| default.to_owned());
    let mut config = Config::new();
    config
        .host(&named("PGHOST", "/var/run/postgresql"))
        .port(named("PGPORT", "5432").parse().unwrap_or(5432))
        .user(&named("PGUSER", "postgres"))
        .dbname(&named("PGDATABASE", "postgres"));
    config
}

impl Server {
    /// Makes the workspace and opens the sessions.
    pub fn start() -> Self {
        let mut owner = parameters()
            .connect(NoTls)
            .expect("no server at PGHOST and PGPORT");
        query(&mut owner, SETUP).expect("the workspace");
        let rules = rules(&mut owner);
        let (sender, answers) = channel();
        let sessions = (0..SESSIONS)
            .map(|number| open(number, sender.clone()))
            .collect();
        Server {
            owner,
            sessions,
            answers,
            set_aside: RefCell::default(),
            rules,
        }
    }

    /// Sends a session a statement; its answer will be among [`Server::answers`].
    pub fn send(&self, session: usize, sql: String) {
        self.sessions[session]
            .statements
            .send(sql)
            .expect("a session ended");
    }

    /// The next answer that comes in time, and whose it is.
    pub fn answer(&self, patience: Duration) -> Option<(usize, Answer)> {
        let set_aside = self.set_aside.borrow_mut().pop_front();
        set_aside.or_else(|| self.answers.recv_timeout(patience).ok())
    }

    /// Keeps an answer for [`Server::answer`].
    pub fn set_aside(&self, answer: (usize, Answer)) {
        self.set_aside.borrow_mut().push_back(answer);
    }

    /// The answer of a session that waits for nobody; those of others that come before it are set aside.
    pub fn answer_of(&self, session: usize) -> Answer {
        loop {
            let (who, answer) = self.answers.recv().expect("the sessions are alive");
            if who == session {
                return answer;
            }
            self.set_aside((who, answer));
        }
    }

    /// Which of the sessions wait for a row or transaction that another session holds.
    pub fn waiting(&mut self) -> Vec<usize> {
        let pids: Vec<&str> = self
            .sessions
            .iter()
            .map(|session| session.pid.as_str())
            .collect();
        let rows = self.own(&format!(
            "SELECT pid FROM pg_stat_activity WHERE pid IN ({}) AND wait_event_type = 'Lock'
                AND wait_event IN ('transactionid', 'tuple') AND pg_blocking_pids(pid) <> '{{}}'",
            pids.join(", ")
        ));
        rows.iter()
            .filter_map(|row| {
                self.sessions
                    .iter()
                    .position(|session| Some(&session.pid) == row[0].as_ref())
            })
            .collect()
    }

    /// Asks as the workspace's owner.
    pub fn own(&mut self, sql: &str) -> Vec<Row> {
        query(&mut self.owner, sql).unwrap_or_else(|failure| panic!("{sql}: {failure:?}"))
    }
}

fn open(number: usize, answers: Sender<(usize, Answer)>) -> Session {
    let mut client = parameters()
        .user("model_app")
        .options("-c search_path=model,phasegate -c statement_timeout=60s")
        .connect(NoTls)
        .expect("a session");
    let rows = query(&mut client, "SELECT pg_backend_pid()").expect("a session");
    query(&mut client, &format!("SET phasegate.actor = 's{number}'")).expect("a setting");
    let (statements, received) = channel::<String>();
    std::thread::spawn(move || {
        for sql in received {
            let answer = query(&mut client, &sql);
            if answers.send((number, answer)).is_err() {
                return;
            }
        }
    });
    Session {
        statements,
        pid: rows[0][0].clone().unwrap_or_default(),
    }
}

/// The configuration, read from the workspace.
fn rules(owner: &mut Client) -> Rules {
    let mut read = |sql: &str| query(owner, sql).expect("the configuration");
    let labels = read(
        "SELECT p.label, f.kind, f.context_key
           FROM unnest(enum_range(NULL::phase)) WITH ORDINALITY AS p (label, n)
           JOIN phases f ON f.phase_id = p.label
          ORDER BY p.n",
    );
    let phases = Phases::new(labels.into_iter().zip(1..).map(|(row, oid)| {
        let [label, kind, key] = &row[..] else {
            panic!("three columns")
        };
        let kind = Kind::from_name(kind.as_deref().unwrap()).expect("a kind");
        Label::new(label.clone().unwrap(), oid).meaning(kind, key.clone().unwrap())
    }));
    let phase = |label: &Option<String>| phases.by_label(label.as_deref().unwrap()).unwrap();
    let transitions = Transitions::new(
        read("SELECT from_phase, to_phase, requires_gate FROM phase_transitions")
            .iter()
            .map(|row| {
                (
                    phase(&row[0]),
                    phase(&row[1]),
                    row[2].as_deref() == Some("t"),
                )
            }),
    );
    let gates: HashMap<_, _> = read("SELECT phase_id, array_to_json(required_artifacts), required_tasks_completed, validation_criteria FROM phase_gate_requirements")
        .iter()
        .map(|row| {
            let artifacts: Vec<Option<String>> = serde_json::from_str(row[1].as_deref().unwrap()).unwrap();
            let criteria = row[3].as_deref().map(|json| serde_json::from_str(json).unwrap());
            let tasks = row[2].as_deref() == Some("t");
            (phase(&row[0]), Requirements::parse(&artifacts, tasks, criteria.as_ref(), false).unwrap())
        })
        .collect();
    let templates = read("SELECT id, phase_id, task_type, dependencies_template ->> 0 FROM task_templates ORDER BY id")
        .iter()
        .map(|row| Template {
            id: Uuid::parse_str(row[0].as_deref().unwrap()).unwrap(),
            phase: phase(&row[1]),
            task_type: row[2].clone().unwrap(),
            after: row[3].clone(),
        })
        .collect();
    Rules {
        phases,
        transitions,
        gates,
        templates,
    }
}
