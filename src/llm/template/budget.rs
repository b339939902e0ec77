//! What a rendering may take: whatever a template works on is paid for by its size, out of a budget for the whole
//! rendering.
//!
//! The steps that minijinja counts say nothing of sizes: forty steps that double a text make a terabyte of it. A step
//! whose operands were paid for and whose result is of about their size can take neither memory nor time without bound.

use std::sync::atomic::{AtomicUsize, Ordering};

use minijinja::value::{Object, ObjectRepr};
use minijinja::{Error, ErrorKind, State, Value};

/// What all steps of a rendering may work on together, in bytes.
const BUDGET: usize = 64 << 20;

/// The largest value: a prompt has some hundred kilobytes at most.
const LARGEST: usize = 2 << 20;

/// What a value takes at least.
pub(super) const SMALLEST: usize = 32;

/// Lists in lists, of which each takes some of the program's stack.
const DEEPEST: usize = 32;

/// What is left of a rendering's budget.
#[derive(Debug)]
struct Budget(AtomicUsize);

impl Object for Budget {}

/// Takes the size of a value from the budget, and gives the value back. One that is made anew whenever it is looked at
/// becomes a plain list.
pub(super) fn pay(state: &State<'_, '_>, value: Value) -> Result<Value, Error> {
    let is_made_anew = |value: &Value| value.as_object().is_some_and(|object| object.repr() == ObjectRepr::Iterable);
    if !is_made_anew(&value) {
        pay_for(state, weigh(&value)?)?;
        return Ok(value);
    }
    let mut scale = Scale { left: LARGEST };
    let mut items = Vec::new();
    for item in value.try_iter()? {
        scale.add(&item, 1)?;
        items.push(item);
    }
    pay_for(state, LARGEST - scale.left)?;
    Ok(Value::from(items))
}

/// Takes some bytes from the budget.
pub(super) fn pay_for(state: &State<'_, '_>, bytes: usize) -> Result<(), Error> {
    let budget = state.get_or_set_temp_object("budget", || Budget(AtomicUsize::new(BUDGET)));
    let left = budget.0.load(Ordering::Relaxed).checked_sub(bytes).ok_or_else(|| refused("it works without end"))?;
    budget.0.store(left, Ordering::Relaxed);
    Ok(())
}

/// The size of a value and of all that is in it, in bytes; an error where that is too large or too deep. The work of
/// finding out is bounded, too.
pub(super) fn weigh(value: &Value) -> Result<usize, Error> {
    let mut scale = Scale { left: LARGEST };
    scale.add(value, 0)?;
    Ok(LARGEST - scale.left)
}

/// Whether a value of this size may be.
pub(super) fn check_size(bytes: Option<usize>) -> Result<(), Error> {
    let fits = bytes.is_some_and(|bytes| bytes <= LARGEST);
    if fits { Ok(()) } else { Err(refused("it makes a text that is too long")) }
}

pub(super) fn refused(detail: &'static str) -> Error {
    Error::new(ErrorKind::InvalidOperation, detail)
}

struct Scale {
    left: usize,
}

impl Scale {
    fn add(&mut self, value: &Value, depth: usize) -> Result<(), Error> {
        self.take(SMALLEST)?;
        if let Some(bytes) = value.as_bytes() {
            return self.take(bytes.len());
        }
        let Some(object) = value.as_object() else { return Ok(()) };
        if depth > DEEPEST {
            return Err(refused("its lists are too deep"));
        }
        match object.repr() {
            ObjectRepr::Map => {
                for (key, value) in object.try_iter_pairs().into_iter().flatten() {
                    self.add(&key, depth + 1)?;
                    self.add(&value, depth + 1)?;
                }
            }
            ObjectRepr::Seq | ObjectRepr::Iterable => {
                for value in object.try_iter().into_iter().flatten() {
                    self.add(&value, depth + 1)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn take(&mut self, bytes: usize) -> Result<(), Error> {
        check_size(Some(bytes))?;
        self.left = self.left.checked_sub(bytes).ok_or_else(|| refused("it makes a value that is too large"))?;
        Ok(())
    }
}
