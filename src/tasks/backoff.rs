//! How long a failed attempt waits before the task can be claimed again.
//!
//! The wait is 1 second after the first attempt and doubles with each further one, up to 5 minutes.
//! Jitter then shortens it by up to half, so that tasks which failed together do not all come back
//! together; it never lengthens it, so the doubling and the 5 minutes are true upper bounds.

/// The wait after the first failed attempt, in microseconds.
pub const FIRST_MICROS: i64 = 1_000_000;

/// The longest wait, in microseconds.
pub const LONGEST_MICROS: i64 = 300 * 1_000_000;

/// The wait after the given attempt (1 is the first), before jitter, in microseconds.
/// An attempt below 1 counts as the first.
pub fn longest_delay(attempt: i32) -> i64 {
    // Doubling any further has long passed the longest wait, and would overflow in the end.
    let doublings = attempt.saturating_sub(1).clamp(0, 30);
    (FIRST_MICROS << doublings).min(LONGEST_MICROS)
}

/// The wait after the given attempt, in microseconds: between half of [`longest_delay`] and all of
/// it. `random` is 64 uniformly random bits; 0 gives the shortest wait and `u64::MAX` the longest.
pub fn delay(attempt: i32, random: u64) -> i64 {
    let longest = longest_delay(attempt);
    let jitter = longest / 2;
    // The high half of the product spreads the bits evenly over 0..=jitter, without a division.
    let choices = u128::from(jitter.unsigned_abs()) + 1;
    let taken = (u128::from(!random) * choices) >> 64;
    longest - i64::try_from(taken).unwrap_or(jitter)
}

/// [`delay`] after the first attempt, the second and so on, up to the one from which on all have the same bounds.
pub fn delays(random: u64) -> impl Iterator<Item = i64> {
    let growing = (1..).take_while(|attempt| longest_delay(*attempt) < LONGEST_MICROS);
    let last = growing.clone().count();
    let last = i32::try_from(last).unwrap_or(i32::MAX).saturating_add(1);
    growing
        .chain([last])
        .map(move |attempt| delay(attempt, random))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn doubles_up_to_five_minutes() {
        let seconds = (1..=11).map(|attempt| longest_delay(attempt) / 1_000_000);
        assert_eq!(
            seconds.collect::<Vec<_>>(),
            [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
        );
        for attempt in [i32::MIN, -1, 0] {
            assert_eq!(longest_delay(attempt), FIRST_MICROS);
        }
        assert_eq!(longest_delay(i32::MAX), LONGEST_MICROS);
    }

    #[test]
    fn the_ends_of_the_jitter() {
        assert_eq!(delay(1, u64::MAX), 1_000_000);
        assert_eq!(delay(1, 0), 500_000);
        assert_eq!(delay(i32::MAX, u64::MAX), LONGEST_MICROS);
        assert_eq!(delay(i32::MAX, 0), LONGEST_MICROS / 2);
        assert_eq!(delay(1, u64::MAX / 2), 750_000);
    }

    #[test]
    fn the_delays_of_all_attempts() {
        let all: Vec<i64> = delays(u64::MAX).collect();
        assert_eq!(all.len(), 10);
        for (attempt, wait) in (1..).zip(&all) {
            assert_eq!(*wait, longest_delay(attempt));
        }
        assert_eq!(all.last(), Some(&LONGEST_MICROS));
    }

    proptest! {
        #[test]
        fn within_half_and_all(attempt: i32, random: u64) {
            let longest = longest_delay(attempt);
            prop_assert!((FIRST_MICROS..=LONGEST_MICROS).contains(&longest));
            prop_assert!((longest / 2..=longest).contains(&delay(attempt, random)));
        }

        #[test]
        fn never_shorter_for_a_later_attempt(attempt in 1..i32::MAX, random: u64) {
            prop_assert!(delay(attempt + 1, random) >= delay(attempt, random));
        }
    }
}
