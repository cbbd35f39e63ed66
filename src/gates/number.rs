//! Compares JSON numbers by the digits they were written with.
//!
//! A gate that asks for 80 percent must not let 79.99999999999999999999 through, which a `double`
//! rounds to 80; and no exponent, however large, may cost memory.

use std::cmp::Ordering;

use serde_json::Number;

/// A number as `0.d1d2d3... * 10^point`, without leading or trailing zeros among its digits.
struct Decimal {
    negative: bool,
    digits: Vec<u8>,
    point: i64,
}

impl Decimal {
    fn of(number: &Number) -> Decimal {
        let text = number.as_str();
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
        let leading = digits.iter().take_while(|digit| **digit == b'0').count();
        let trailing = digits
            .iter()
            .skip(leading)
            .rev()
            .take_while(|digit| **digit == b'0')
            .count();
        let kept = digits.len().saturating_sub(leading + trailing);
        let digits: Vec<u8> = digits.into_iter().skip(leading).take(kept).collect();
        if digits.is_empty() {
            return Decimal {
                negative: false,
                digits,
                point: 0,
            };
        }
        let point = saturating_exponent(exponent)
            .saturating_add(i64::try_from(whole.len()).unwrap_or(i64::MAX))
            .saturating_sub(i64::try_from(leading).unwrap_or(i64::MAX));
        Decimal {
            negative,
            digits,
            point,
        }
    }

    fn sign(&self) -> i8 {
        match (self.digits.is_empty(), self.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        }
    }
}

fn saturating_exponent(text: &str) -> i64 {
    text.parse().unwrap_or(if text.starts_with('-') {
        i64::MIN
    } else {
        i64::MAX
    })
}

/// The order of two numbers, exact for every pair whose exponents fit 64 bits.
pub fn compare(left: &Number, right: &Number) -> Ordering {
    let (left, right) = (Decimal::of(left), Decimal::of(right));
    left.sign().cmp(&right.sign()).then_with(|| {
        let magnitude = left
            .point
            .cmp(&right.point)
            .then_with(|| left.digits.cmp(&right.digits));
        if left.negative {
            magnitude.reverse()
        } else {
            magnitude
        }
    })
}

/// Whether the number is zero, however it is written.
pub fn is_zero(number: &Number) -> bool {
    Decimal::of(number).sign() == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number(text: &str) -> Number {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn digits_and_exponents_are_compared_exactly() {
        for (left, order, right) in [
            ("80", Ordering::Equal, "80.0"),
            ("80", Ordering::Equal, "8e1"),
            ("80", Ordering::Equal, "800E-1"),
            ("79.99999999999999999999", Ordering::Less, "80"),
            ("80.00000000000000000001", Ordering::Greater, "80"),
            ("0", Ordering::Equal, "-0.0e5"),
            ("-1", Ordering::Less, "0"),
            ("-2", Ordering::Less, "-1"),
            ("0.05", Ordering::Less, "0.5"),
            ("1e99999999999999999999", Ordering::Greater, "100"),
            ("1e-99999999999999999999", Ordering::Greater, "0"),
            ("1e-99999999999999999999", Ordering::Less, "0.1"),
            ("9", Ordering::Less, "10"),
            ("99", Ordering::Greater, "100e-1"),
        ] {
            assert_eq!(
                compare(&number(left), &number(right)),
                order,
                "{left} {right}"
            );
        }
        assert!(is_zero(&number("-0.000e7")));
        assert!(!is_zero(&number("1e-400")));
    }

    proptest! {
        #[test]
        fn agrees_with_integers(left: i64, right: i64, shift in 0_i32..12) {
            let scaled = format!("{left}e-{shift}");
            let other = format!("{right}e-{shift}");
            prop_assert_eq!(compare(&number(&scaled), &number(&other)), left.cmp(&right));
        }

        #[test]
        fn agrees_with_doubles(left in -1e6_f64..1e6, right in -1e6_f64..1e6) {
            let (a, b) = (format!("{left}"), format!("{right}"));
            prop_assert_eq!(Some(compare(&number(&a), &number(&b))), left.partial_cmp(&right));
        }
    }
}
