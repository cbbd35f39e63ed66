//! Not more than so many requests a minute.

use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

/// Lets one pass now and then.
#[derive(Debug)]
pub struct Pace {
    gap: Duration,
    next: Mutex<Instant>,
}

impl Pace {
    /// So many a minute; none means no limit.
    pub fn new(a_minute: Option<u32>) -> Pace {
        let gap = a_minute
            .filter(|count| *count > 0)
            .map_or(Duration::ZERO, |count| Duration::from_secs(60) / count);
        Pace {
            gap,
            next: Mutex::new(Instant::now()),
        }
    }

    /// Waits for one's turn.
    pub async fn wait(&self) {
        if self.gap.is_zero() {
            return;
        }
        let turn = self.turn(&mut *self.next.lock().await, Instant::now());
        sleep_until(turn).await;
    }

    /// When who asks now passes; whoever asks next does so a gap later.
    fn turn(&self, next: &mut Instant, now: Instant) -> Instant {
        let turn = (*next).max(now);
        *next = turn + self.gap;
        turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_come_one_after_another() {
        let second = Duration::from_secs(1);
        let now = Instant::now();
        let pace = Pace::new(Some(60));
        let mut next = now;
        let turns: Vec<Instant> = (0..4).map(|_| pace.turn(&mut next, now)).collect();
        assert_eq!(
            turns,
            [now, now + second, now + 2 * second, now + 3 * second]
        );
        // Nobody saves up the turns that were not taken.
        let later = now + 60 * second;
        assert_eq!(pace.turn(&mut next, later), later);
        assert_eq!(pace.turn(&mut next, later), later + second);
    }

    #[test]
    fn without_a_limit_nobody_waits() {
        assert!(Pace::new(None).gap.is_zero());
        assert!(Pace::new(Some(0)).gap.is_zero());
    }
}
