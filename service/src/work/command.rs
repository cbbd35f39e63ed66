//! A program as the worker: a document on its standard input, an answer on its standard output, and a process group that is
//! gone when its work is over.

use super::answer::beginning;
use super::halt::{Halt, Why};
use crate::error::Failure;
use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process_group};
use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// How much a program may write to its standard output. A result may have a megabyte by default.
const LARGEST: usize = 16 * 1024 * 1024;

/// How much of a line of standard error is logged.
const LINE: u64 = 4096;

/// The exit status of sysexits.h that says: try again.
const TRY_AGAIN: i32 = 75;

/// How long the pipes of a program that has ended are read: what it wrote is there already.
const DRAIN: Duration = Duration::from_secs(1);

/// A program that works tasks.
#[derive(Debug, Clone)]
pub struct Program {
    path: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    grace: Duration,
}

/// What came of a run.
#[derive(Debug, PartialEq, Eq)]
pub enum Ended {
    /// It ended well, and wrote this.
    Answered(Vec<u8>),
    /// It says, or its end means, that another attempt may do better.
    Again(String),
    /// It failed for good.
    Failed(String),
    /// It could not begin, and will not for any other task: nobody is to take the whole queue through it.
    Unusable(String),
    /// It was ended.
    Halted(Why),
}

impl Program {
    /// A program and its arguments, with those variables of our environment that are named.
    pub fn new(words: &[OsString], names: &[String], grace: Duration) -> Result<Program, Failure> {
        let (name, arguments) = words
            .split_first()
            .ok_or_else(|| Failure::usage("--command names no program"))?;
        let path = find(Path::new(name)).ok_or_else(|| {
            Failure::usage(format!(
                "there is no program \"{}\"",
                name.to_string_lossy()
            ))
        })?;
        if let Some(name) = names
            .iter()
            .find(|name| name.is_empty() || name.starts_with('=') || name.contains('\0'))
        {
            return Err(Failure::usage(format!(
                "--env \"{name}\" names no variable"
            )));
        }
        let environment = names
            .iter()
            .filter_map(|name| match name.split_once('=') {
                Some((name, value)) => Some((name.into(), value.into())),
                None => std::env::var_os(name).map(|value| (name.into(), value)),
            })
            .collect();
        Ok(Program {
            path,
            arguments: arguments.to_vec(),
            environment,
            grace,
        })
    }

    /// How people call it.
    pub fn name(&self) -> String {
        self.path
            .file_name()
            .unwrap_or(self.path.as_os_str())
            .to_string_lossy()
            .into_owned()
    }

    /// Runs it on a document, until it ends or is halted. Whatever of its process group is left then is killed.
    pub async fn run(&self, document: String, task: &str, halt: &Halt) -> Ended {
        let folder = match tempfile::Builder::new().prefix("phasegate-").tempdir() {
            Ok(folder) => folder,
            Err(error) => {
                return not_begun(
                    &error,
                    format!("no temporary directory could be made: {error}"),
                );
            }
        };
        let mut child = match self.spawn(folder.path()) {
            Ok(child) => child,
            Err(error) => {
                return not_begun(
                    &error,
                    format!("{} could not be started: {error}", self.name()),
                );
            }
        };
        let Some(group) = child.id().and_then(|id| Pid::from_raw(id.cast_signed())) else {
            return Ended::Again(format!(
                "{} could not be started: it has no process id",
                self.name()
            ));
        };
        // Also where this future is dropped.
        let group = Group(group);
        let feed = child.stdin.take().map(|mut input| {
            tokio::spawn(async move {
                // A program need not read it all.
                let _ = input.write_all(document.as_bytes()).await;
            })
        });
        let (full, mut is_full) = tokio::sync::oneshot::channel();
        let output = child
            .stdout
            .take()
            .map(|output| tokio::spawn(gather(output, full)));
        let log = child
            .stderr
            .take()
            .map(|errors| tokio::spawn(log_lines(errors, task.to_owned())));

        // In this order: whose output was more than is read has also ended, by its pipe.
        let ended = tokio::select! {
            biased;
            Ok(()) = &mut is_full => Err(Ended::Failed(format!("{} wrote more than {LARGEST} bytes", self.name()))),
            why = halt.told() => Err(Ended::Halted(why)),
            status = child.wait() => Ok(status),
        };
        let status = match ended {
            Ok(status) => status,
            Err(ended) => {
                self.end(&mut child, &group).await;
                abandon(feed);
                abandon(output);
                drain(log).await;
                return ended;
            }
        };
        // What it started and left behind.
        group.kill();
        abandon(feed);
        let output = drain(output).await;
        let last = drain(log).await.unwrap_or_default();
        match status {
            Err(error) => Ended::Again(format!("{} could not be waited for: {error}", self.name())),
            Ok(status) if status.success() => match output {
                Some(output) if output.len() > LARGEST => {
                    Ended::Failed(format!("{} wrote more than {LARGEST} bytes", self.name()))
                }
                Some(output) => Ended::Answered(output),
                None => Ended::Again(format!("the output of {} could not be read", self.name())),
            },
            Ok(status) => self.failed(status, &last),
        }
    }

    fn spawn(&self, folder: &Path) -> std::io::Result<Child> {
        Command::new(&self.path)
            .args(&self.arguments)
            .env_clear()
            .env("TMPDIR", folder)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
    }

    /// Asks the group to end, waits for the program a while, and kills what is left.
    async fn end(&self, child: &mut Child, group: &Group) {
        group.signal(Signal::TERM);
        let _ = timeout(self.grace, child.wait()).await;
        group.kill();
        let _ = timeout(DRAIN, child.wait()).await;
    }

    fn failed(&self, status: ExitStatus, last: &str) -> Ended {
        let said = if last.is_empty() {
            String::new()
        } else {
            format!(": {last}")
        };
        match status.code() {
            Some(TRY_AGAIN) => Ended::Again(format!(
                "{} asks to be tried again (exit status {TRY_AGAIN}){said}",
                self.name()
            )),
            Some(code) => Ended::Failed(format!(
                "{} ended with exit status {code}{said}",
                self.name()
            )),
            // Out of memory, an operator's hand: not what the task is.
            None => Ended::Again(format!(
                "{} was ended by a signal ({status}){said}",
                self.name()
            )),
        }
    }
}

/// What the machine lacks for now passes; whatever else is wrong is so for each task.
fn not_begun(error: &std::io::Error, why: String) -> Ended {
    let passes = matches!(
        error.kind(),
        ErrorKind::WouldBlock
            | ErrorKind::Interrupted
            | ErrorKind::OutOfMemory
            | ErrorKind::StorageFull
            | ErrorKind::QuotaExceeded
            | ErrorKind::ExecutableFileBusy
    ) || matches!(
        Errno::from_io_error(error),
        Some(Errno::MFILE | Errno::NFILE)
    );
    if passes {
        Ended::Again(why)
    } else {
        Ended::Unusable(why)
    }
}

/// A process group that is killed when it is dropped.
struct Group(Pid);

impl Group {
    fn signal(&self, signal: Signal) {
        // Where there is none any more that is as well.
        let _ = kill_process_group(self.0, signal);
    }

    fn kill(&self) {
        self.signal(Signal::KILL);
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A program by its path, or by its name in PATH: as a path that holds in another directory.
fn find(name: &Path) -> Option<PathBuf> {
    let is_there = |path: &PathBuf| path.is_file();
    if name.components().count() > 1 {
        return std::path::absolute(name).ok().filter(is_there);
    }
    let places = std::env::var_os("PATH")?;
    std::env::split_paths(&places)
        .filter_map(|place| std::path::absolute(place.join(name)).ok())
        .find(is_there)
}

/// Reads up to a little more than may be written, and then says so.
async fn gather(output: impl AsyncRead + Unpin, full: tokio::sync::oneshot::Sender<()>) -> Vec<u8> {
    let mut gathered = Vec::new();
    let mut output = output.take(LARGEST as u64 + 1);
    let _ = output.read_to_end(&mut gathered).await;
    if gathered.len() > LARGEST {
        let _ = full.send(());
    }
    gathered
}

/// Logs what comes, line by line; gives the last line.
async fn log_lines(errors: impl AsyncRead + Unpin, task: String) -> String {
    let mut reader = BufReader::new(errors);
    let mut last = String::new();
    let mut line = Vec::new();
    loop {
        line.clear();
        match (&mut reader).take(LINE).read_until(b'\n', &mut line).await {
            Ok(1..) => {}
            _ => return beginning(&last, 500),
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end();
        if !text.is_empty() {
            let text: String = text
                .chars()
                .map(|c| {
                    if c.is_control() && c != '\t' {
                        '\u{fffd}'
                    } else {
                        c
                    }
                })
                .collect();
            tracing::info!(task, "{text}");
            last = text;
        }
    }
}

/// What a reader has read when the other end is closed. A process that left the group may hold it open: not for ever.
async fn drain<T>(reader: Option<JoinHandle<T>>) -> Option<T> {
    let mut reader = reader?;
    match timeout(DRAIN, &mut reader).await {
        Ok(read) => read.ok(),
        Err(_) => {
            reader.abort();
            None
        }
    }
}

fn abandon<T>(task: Option<JoinHandle<T>>) {
    if let Some(task) = task {
        task.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn shell(script: &str) -> Program {
        let words: Vec<OsString> = ["sh", "-c", script].map(OsString::from).to_vec();
        Program::new(
            &words,
            &["GREETING=hello".to_owned()],
            Duration::from_millis(200),
        )
        .unwrap()
    }

    fn run(program: &Program, document: &str, halt: &Halt) -> Ended {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(program.run(document.to_owned(), "task", halt))
    }

    #[test]
    fn exit_statuses_say_how_it_went() {
        let halt = Halt::new();
        assert_eq!(
            run(&shell("cat; echo $GREETING; env | wc -l"), "in ", &halt),
            Ended::Answered(b"in hello\n3\n".to_vec())
        );
        assert!(
            matches!(run(&shell("echo busy >&2; exit 75"), "", &halt), Ended::Again(why) if why.ends_with("busy"))
        );
        assert!(
            matches!(run(&shell("echo no >&2; exit 1"), "", &halt), Ended::Failed(why) if why.contains("status 1: no"))
        );
        assert!(
            matches!(run(&shell("kill -9 $$"), "", &halt), Ended::Again(why) if why.contains("signal"))
        );
    }

    #[test]
    fn a_program_that_ignores_the_signal_is_killed_with_its_children() {
        let halt = Halt::new();
        halt.say(Why::TimedOut);
        halt.say(Why::Stopped);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pid");
        let script = format!(
            "trap '' TERM; sleep 1000 & echo $! > {}; wait; sleep 1000",
            file.display()
        );
        assert_eq!(
            run(&shell(&script), "", &halt),
            Ended::Halted(Why::TimedOut)
        );
        // The child is gone or about to be taken off init's hands; a zombie runs no more.
        if let Ok(pid) = std::fs::read_to_string(&file) {
            let state =
                std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
            assert!(state.is_empty() || state.contains(") Z "), "{state}");
        }
    }

    #[test]
    fn output_is_not_gathered_without_end() {
        let ended = run(&shell("yes"), "", &Halt::new());
        assert!(matches!(ended, Ended::Failed(why) if why.contains("more than")));
    }

    #[test]
    fn a_program_that_cannot_begin_is_told_from_one_that_fails() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text, mode) in [
            ("interpreter", "#!/no/such\n", 0o755),
            ("format", "\u{1}\u{2}", 0o755),
            ("mode", "#!/bin/sh\n", 0o644),
        ] {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let program = Program::new(&[path.into()], &[], Duration::ZERO).unwrap();
            let ended = run(&program, "", &Halt::new());
            assert!(matches!(ended, Ended::Unusable(_)), "{name}: {ended:?}");
        }
        let busy = std::io::Error::from(ErrorKind::WouldBlock);
        assert_eq!(not_begun(&busy, String::new()), Ended::Again(String::new()));
    }

    #[test]
    fn a_variable_without_a_name_is_refused() {
        for name in ["", "=v", "a\0"] {
            let refused = Program::new(&["sh".into()], &[name.to_owned()], Duration::ZERO);
            assert!(matches!(refused, Err(Failure::Usage(why)) if why.contains("--env")));
        }
    }

    #[test]
    fn a_program_that_is_not_there_is_found_out_at_once() {
        assert!(Program::new(&["no-such-program".into()], &[], Duration::ZERO).is_err());
        assert!(Program::new(&["/no/such".into()], &[], Duration::ZERO).is_err());
        assert!(Program::new(&[], &[], Duration::ZERO).is_err());
    }
}
