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
        let turn = {
            let mut next = self.next.lock().await;
            let turn = (*next).max(Instant::now());
            *next = turn + self.gap;
            turn
        };
        sleep_until(turn).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn turns_come_one_after_another() {
        let pace = Pace::new(Some(60));
        let began = Instant::now();
        for _ in 0..4 {
            pace.wait().await;
        }
        assert_eq!(began.elapsed().as_secs(), 3);
        let unlimited = Pace::new(None);
        for _ in 0..1000 {
            unlimited.wait().await;
        }
        assert_eq!(began.elapsed().as_secs(), 3);
    }
}
