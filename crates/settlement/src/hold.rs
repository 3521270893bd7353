//! Holds: money that is set aside and then ends in exactly one of three ways.

use databourse_primitives::{AmountMinor, Asset, HoldId, Holder, Refusal, RefusalCode, Timestamp};
use serde::{Deserialize, Serialize};

/// Where a hold stands. Each of the last three is an end, and there is no way from one end to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum HoldState {
    /// Some of the money is still held.
    Pending {
        /// When what is left goes back; never, if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires_at: Option<Timestamp>,
    },
    /// All of it was decided, and some was posted.
    Posted {
        /// Block time of the end.
        posted_at: Timestamp,
    },
    /// None was posted; all went back.
    Voided {
        /// Block time of the end.
        voided_at: Timestamp,
    },
    /// Its time was over and what was left went back.
    Expired {
        /// Block time of the end.
        expired_at: Timestamp,
    },
}

impl HoldState {
    /// The state's name in JSON.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Pending { .. } => "pending",
            Self::Posted { .. } => "posted",
            Self::Voided { .. } => "voided",
            Self::Expired { .. } => "expired",
        }
    }
}

/// A hold: the first phase of a payment in two. `amount = posted + returned + what is left`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The order or dispute that holds the money.
    pub id: HoldId,
    /// Whose money it is; several holders' if a dispute holds it, of whom this is the seller.
    pub holder: Holder,
    /// What is held.
    pub asset: Asset,
    /// How much was held at first, minor units.
    pub amount_minor: AmountMinor,
    /// How much of it was posted, minor units.
    pub posted_minor: AmountMinor,
    /// How much of it went back, minor units.
    pub returned_minor: AmountMinor,
    /// Block time of its beginning.
    pub held_at: Timestamp,
    /// Where it stands.
    pub state: HoldState,
}

impl Hold {
    /// A hold that has just begun.
    pub const fn begin(
        id: HoldId,
        holder: Holder,
        asset: Asset,
        amount_minor: AmountMinor,
        now: Timestamp,
        expires_at: Option<Timestamp>,
    ) -> Self {
        let (posted_minor, returned_minor) = (AmountMinor::ZERO, AmountMinor::ZERO);
        let state = HoldState::Pending { expires_at };
        Self { id, holder, asset, amount_minor, posted_minor, returned_minor, held_at: now, state }
    }

    /// What is still held, minor units.
    ///
    /// # Errors
    /// None in practice: no more is ever posted or returned than was held.
    pub fn left(&self) -> Result<AmountMinor, Refusal> {
        self.amount_minor.minus(self.posted_minor)?.minus(self.returned_minor)
    }

    /// Posts a part of it; the last part ends it.
    ///
    /// # Errors
    /// `hold.ended`; `hold.expired` once its time is over; `hold.exceeded` above what is left.
    pub fn post(mut self, amount: AmountMinor, now: Timestamp) -> Result<Self, Refusal> {
        if self.pending()?.is_some_and(|expires_at| expires_at <= now) {
            return Err(refused(RefusalCode::HoldExpired, "money whose time of holding is not over"));
        }
        self.at_most_what_is_left(amount)?;
        self.posted_minor = self.posted_minor.plus(amount)?;
        self.end_if_empty(now)
    }

    /// Gives a part of it back; the last part ends it. Giving back is possible after its time, too.
    ///
    /// # Errors
    /// `hold.ended`; `hold.exceeded` above what is left.
    pub fn void(mut self, amount: AmountMinor, now: Timestamp) -> Result<Self, Refusal> {
        self.pending()?;
        self.at_most_what_is_left(amount)?;
        self.returned_minor = self.returned_minor.plus(amount)?;
        self.end_if_empty(now)
    }

    /// Ends it because its time is over; what is left goes back.
    ///
    /// # Errors
    /// `hold.ended`; `hold.not_due` before its time.
    pub fn expire(mut self, now: Timestamp) -> Result<Self, Refusal> {
        match self.pending()? {
            Some(expires_at) if expires_at <= now => {
                self.returned_minor = self.returned_minor.plus(self.left()?)?;
                self.state = HoldState::Expired { expired_at: now };
                Ok(self)
            }
            Some(expires_at) => {
                Err(refused(RefusalCode::HoldNotDue, format!("a block time from {expires_at} on")))
            }
            None => {
                Err(refused(RefusalCode::HoldNotDue, "a hold that expires; this one waits for a decision"))
            }
        }
    }

    fn pending(&self) -> Result<Option<Timestamp>, Refusal> {
        match self.state {
            HoldState::Pending { expires_at } => Ok(expires_at),
            _ => {
                let expected = format!("a pending hold; this one is {}", self.state.as_str());
                Err(refused(RefusalCode::HoldEnded, expected))
            }
        }
    }

    fn at_most_what_is_left(&self, amount: AmountMinor) -> Result<(), Refusal> {
        let left = self.left()?;
        if amount > left {
            return Err(refused(RefusalCode::HoldExceeded, format!("at most {left} minor units")));
        }
        Ok(())
    }

    fn end_if_empty(mut self, now: Timestamp) -> Result<Self, Refusal> {
        if self.left()?.is_zero() {
            self.state = if self.posted_minor.is_zero() {
                HoldState::Voided { voided_at: now }
            } else {
                HoldState::Posted { posted_at: now }
            };
        }
        Ok(self)
    }
}

fn refused(code: RefusalCode, expected: impl Into<std::borrow::Cow<'static, str>>) -> Refusal {
    Refusal::new(code, "", expected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOLD: &str = "019aa2b4-5c00-7000-8000-000000000001";

    fn minor(amount: i64) -> AmountMinor {
        AmountMinor::new(amount).unwrap()
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_ms(seconds * 1_000)
    }

    fn hold(amount: i64) -> Hold {
        let holder = "exchange:sh".parse().unwrap();
        Hold::begin(
            HOLD.parse().unwrap(),
            holder,
            "CNY/2".parse().unwrap(),
            minor(amount),
            at(0),
            Some(at(10)),
        )
    }

    #[track_caller]
    fn check(result: Result<Hold, Refusal>, expected: Result<&str, RefusalCode>) {
        assert_eq!(result.as_ref().map(|hold| hold.state.as_str()).map_err(|refusal| refusal.code), expected);
    }

    #[test]
    fn a_hold_ends_in_one_way_only() {
        check(hold(5).post(minor(3), at(1)), Ok("pending"));
        check(hold(5).post(minor(5), at(1)), Ok("posted"));
        check(hold(5).void(minor(5), at(1)), Ok("voided"));
        check(hold(5).post(minor(2), at(1)).unwrap().void(minor(3), at(2)), Ok("posted"));
        check(hold(5).post(minor(2), at(1)).unwrap().expire(at(10)), Ok("expired"));
        check(hold(5).post(minor(6), at(1)), Err(RefusalCode::HoldExceeded));
        check(hold(5).post(minor(5), at(10)), Err(RefusalCode::HoldExpired));
        check(hold(5).void(minor(5), at(10)), Ok("voided"));
        check(hold(5).expire(at(9)), Err(RefusalCode::HoldNotDue));
        for ended in [
            hold(5).post(minor(5), at(1)).unwrap(),
            hold(5).void(minor(5), at(1)).unwrap(),
            hold(5).expire(at(10)).unwrap(),
        ] {
            check(ended.clone().post(AmountMinor::ZERO, at(1)), Err(RefusalCode::HoldEnded));
            check(ended.clone().void(AmountMinor::ZERO, at(1)), Err(RefusalCode::HoldEnded));
            check(ended.expire(at(20)), Err(RefusalCode::HoldEnded));
        }
    }

    /// Trap: blnk #182, where a hold that had been rejected could still be committed.
    #[test]
    fn a_voided_hold_can_never_be_posted() {
        let voided = hold(5).void(minor(5), at(1)).unwrap();
        for amount in [0, 1, 5] {
            check(voided.clone().post(minor(amount), at(2)), Err(RefusalCode::HoldEnded));
        }
    }

    proptest! {
        #[test]
        fn what_was_held_is_posted_returned_or_left(steps in prop::collection::vec((0..3_u8, 0..40_i64, 0..15_i64), 0..30)) {
            let mut hold = hold(100);
            for (step, amount, seconds) in steps {
                let ended = hold.state.as_str() != "pending";
                let next = match step {
                    0 => hold.clone().post(minor(amount), at(seconds)),
                    1 => hold.clone().void(minor(amount), at(seconds)),
                    _ => hold.clone().expire(at(seconds)),
                };
                prop_assert!(!(ended && next.is_ok()), "an end is final");
                hold = next.unwrap_or(hold);
                let left = hold.left().unwrap();
                prop_assert_eq!(hold.posted_minor.get() + hold.returned_minor.get() + left.get(), 100);
                prop_assert_eq!(left.is_zero(), hold.state.as_str() != "pending");
            }
        }
    }
}
