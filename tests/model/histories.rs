//! Random concurrent histories against a real server, compared statement by statement with a model.
//!
//! A few sessions run scripts of transactions over a few tickets and their tasks. One statement is sent at a
//! time, to the session that the history names; a session that waits for another's lock, as the server itself
//! tells, is left waiting while the others go on. So what every statement must answer is known: the rules of
//! the `phasegate` crate, applied to what is committed when it completes and what its own transaction did.
//! A statement that answers otherwise, two open transactions that changed the same ticket or task, or a
//! database that in the end is not as the model says, is a failure; it is shrunk and printed with its seed.
//!
//! The model knows rows, visibility and locks ([`world`]), and how statements look at them ([`expect`]). Which moves
//! there are, what a gate says and what follows from a status it asks the crate ([`rules`]). In the environment, `CASES` says how many histories, `SEED` repeats those of a seed that was printed.

#![cfg(test)]

mod claim;
mod expect;
mod history;
mod rules;
mod schedule;
mod server;
mod statement;
mod verify;
mod world;

use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use std::time::{SystemTime, UNIX_EPOCH};

/// A number from the environment.
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn concurrent_histories_are_those_of_the_model() {
    let seed = number("SEED").unwrap_or_else(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        now.map_or(0, |now| now.as_micros() as u64)
    });
    let cases = number("CASES").unwrap_or(400) as u32;
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config {
        cases,
        max_shrink_iters: 2_000,
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner =
        TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let server = std::cell::RefCell::new(server::Server::start());
    let mut told = schedule::Tally::default();
    let tally = std::cell::RefCell::new(&mut told);
    let result = runner.run(&history::histories(), |history| {
        schedule::run(&mut server.borrow_mut(), &history, &mut tally.borrow_mut())
            .map_err(TestCaseError::fail)
    });
    match result {
        Ok(()) => eprintln!("{cases} histories, seed {seed}: {told}"),
        Err(TestError::Fail(reason, history)) => panic!(
            "{reason}\n\nThe shortest history found that fails:\n{history}\nRepeat with: make model SEED={seed}"
        ),
        Err(TestError::Abort(reason)) => panic!("{reason}, seed {seed}"),
    }
}
