//! The filters, methods and operators of templates, each paid for: minijinja's own where they give no more than about
//! what they are given, others in their place where they would, and none at all where no chat template needs them.

use std::fmt::Write;

use minijinja::value::{Rest, ValueKind};
use minijinja::{Environment, Error, ErrorKind, State, Value, filters};

use super::budget::{SMALLEST, check_size, pay, pay_for, refused, weigh};
use super::json::{indent, tojson};

/// The filters that [`super::metered`] puts in the places of operators and around values.
pub(super) const PAID: &str = "paid";
pub(super) const PAID_TEXT: &str = "paid_text";
pub(super) const KEPT: &str = "kept";
pub(super) const ADD: &str = "add";
pub(super) const CONCATENATE: &str = "concatenate";
pub(super) const MULTIPLY: &str = "multiply";

/// Different letters that may be stripped from the ends of a text.
const MOST_STRIPPED: usize = 64;

/// Filters that make long texts or many values at one go.
const REFUSED: [&str; 8] = ["format", "pprint", "batch", "slice", "chain", "zip", "sum", "groupby"];

/// Sets up filters and methods.
pub(super) fn set_up(environment: &mut Environment<'_>) {
    REFUSED.iter().for_each(|name| environment.remove_filter(name));
    for (name, filter) in plain() {
        environment.add_filter(name, move |state: &State<'_, '_>, arguments: Rest<Value>| {
            arguments.iter().try_for_each(|argument| pay_for(state, weigh(argument)?))?;
            pay(state, filter.call(state, &arguments)?)
        });
    }
    for (name, filter) in of_lists() {
        environment.add_filter(name, move |state: &State<'_, '_>, arguments: Rest<Value>| {
            pay_for_each(state, &arguments)?;
            pay(state, filter.call(state, &arguments)?)
        });
    }
    for (name, filter) in of_parts() {
        environment.add_filter(name, move |state: &State<'_, '_>, arguments: Rest<Value>| {
            arguments.iter().try_for_each(|argument| pay_text(state, argument))?;
            filter.call(state, &arguments)
        });
    }
    environment.add_filter(PAID, pay);
    environment.add_filter(PAID_TEXT, |state: &State<'_, '_>, value: Value| pay_text(state, &value).map(|()| value));
    environment.add_filter(KEPT, kept);
    environment.set_unknown_method_callback(method);
}

/// What looks at all of what it is given.
fn plain() -> [(&'static str, Value); 33] {
    [
        ("safe", Value::from_function(filters::safe)),
        ("escape", Value::from_function(filters::escape)),
        ("e", Value::from_function(filters::escape)),
        ("lower", Value::from_function(filters::lower)),
        ("upper", Value::from_function(filters::upper)),
        ("title", Value::from_function(filters::title)),
        ("capitalize", Value::from_function(filters::capitalize)),
        ("dictsort", Value::from_function(filters::dictsort)),
        ("items", Value::from_function(filters::items)),
        ("reverse", Value::from_function(filters::reverse)),
        ("split", Value::from_function(filters::split)),
        ("lines", Value::from_function(filters::lines)),
        ("round", Value::from_function(filters::round)),
        ("abs", Value::from_function(filters::abs)),
        ("int", Value::from_function(filters::int)),
        ("float", Value::from_function(filters::float)),
        ("min", Value::from_function(filters::min)),
        ("max", Value::from_function(filters::max)),
        ("sort", Value::from_function(filters::sort)),
        ("unique", Value::from_function(filters::unique)),
        ("list", Value::from_function(filters::list)),
        ("bool", Value::from_function(filters::bool)),
        ("string", Value::from_function(filters::string)),
        ("trim", Value::from_function(trim)),
        ("replace", Value::from_function(replace)),
        ("join", Value::from_function(join)),
        ("tojson", Value::from_function(tojson)),
        ("indent", Value::from_function(indent)),
        (ADD, Value::from_function(add)),
        (CONCATENATE, Value::from_function(concatenate)),
        (MULTIPLY, Value::from_function(multiply)),
        ("default", Value::from_function(filters::default)),
        ("d", Value::from_function(filters::default)),
    ]
}

/// What does something with the other arguments for each item of a list.
fn of_lists() -> [(&'static str, Value); 5] {
    [
        ("select", Value::from_function(filters::select)),
        ("reject", Value::from_function(filters::reject)),
        ("selectattr", Value::from_function(filters::selectattr)),
        ("rejectattr", Value::from_function(filters::rejectattr)),
        ("map", Value::from_function(filters::map)),
    ]
}

/// What looks at a part of a list only.
fn of_parts() -> [(&'static str, Value); 5] {
    [
        ("length", Value::from_function(filters::length)),
        ("count", Value::from_function(filters::length)),
        ("first", Value::from_function(filters::first)),
        ("last", Value::from_function(filters::last)),
        ("attr", Value::from_function(filters::attr)),
    ]
}

fn pay_text(state: &State<'_, '_>, value: &Value) -> Result<(), Error> {
    if value.as_bytes().is_some() { pay_for(state, weigh(value)?) } else { Ok(()) }
}

/// Pays for the list, and for the other arguments once for each item that it may have.
fn pay_for_each(state: &State<'_, '_>, arguments: &[Value]) -> Result<(), Error> {
    let Some((list, others)) = arguments.split_first() else { return Ok(()) };
    let list = weigh(list)?;
    let others = others.iter().try_fold(SMALLEST, |sum, other| weigh(other).map(|bytes| sum + bytes))?;
    pay_for(state, list.saturating_add((list / SMALLEST).saturating_mul(others)))
}

/// A value that a namespace is to hold: nothing that could hold the namespace, which would then never be let go.
fn kept(state: &State<'_, '_>, value: Value) -> Result<Value, Error> {
    let value = pay(state, value)?;
    if holds_data_only(&value) { Ok(value) } else { Err(refused("it keeps what is no text, number or list")) }
}

fn holds_data_only(value: &Value) -> bool {
    let Some(object) = value.as_object() else { return true };
    let name = object.type_name();
    let is_other = ["Namespace", "Macro", "Loop", "Module", "Function"].iter().any(|kind| name.contains(kind));
    let mut items = object.try_iter_pairs().into_iter().flatten();
    !is_other && items.all(|(key, value)| holds_data_only(&key) && holds_data_only(&value))
}

/// Python's methods, but for those that fill up with as many spaces as they are told to.
fn method(state: &State<'_, '_>, value: &Value, name: &str, arguments: &[Value]) -> Result<Value, Error> {
    use minijinja_contrib::pycompat::unknown_method_callback as python;
    let text = |at: usize| arguments.get(at).and_then(Value::as_str);
    match (name, value.as_str()) {
        ("format", _) => Err(Error::new(ErrorKind::UnknownMethod, "chat templates cannot format numbers")),
        ("count", Some(_)) if text(0) == Some("") => Err(refused("it counts what is nowhere and everywhere")),
        ("strip" | "lstrip" | "rstrip", Some(_)) => {
            check_stripped(text(0))?;
            python(state, value, name, arguments)
        }
        ("replace", Some(whole)) if arguments.len() == 2 => {
            replace(whole, text(0).unwrap_or_default(), text(1).unwrap_or_default()).map(Value::from)
        }
        ("replace", Some(_)) => Err(refused("it replaces some of several")),
        ("join", Some(between)) => join(arguments.first().unwrap_or(&Value::UNDEFINED), Some(between)).map(Value::from),
        _ => python(state, value, name, arguments),
    }
}

fn check_stripped(letters: Option<&str>) -> Result<(), Error> {
    let few = letters.is_none_or(|letters| letters.len() <= MOST_STRIPPED);
    if few { Ok(()) } else { Err(refused("it strips too many different letters")) }
}

fn trim(text: &str, letters: Option<&str>) -> Result<String, Error> {
    check_stripped(letters)?;
    let trimmed = letters.map_or(text.trim(), |letters| text.trim_matches(|letter| letters.contains(letter)));
    Ok(trimmed.to_owned())
}

fn replace(text: &str, old: &str, new: &str) -> Result<String, Error> {
    let added = text.matches(old).count().checked_mul(new.len());
    check_size(added.and_then(|added| added.checked_add(text.len())))?;
    Ok(text.replace(old, new))
}

fn join(values: &Value, between: Option<&str>) -> Result<String, Error> {
    let mut joined = String::new();
    for (number, value) in values.try_iter()?.enumerate() {
        if number > 0 {
            joined.push_str(between.unwrap_or_default());
        }
        push(&mut joined, &value);
        check_size(Some(joined.len()))?;
    }
    Ok(joined)
}

/// `a ~ b`.
fn concatenate(left: &Value, right: &Value) -> String {
    let mut text = String::new();
    push(&mut text, left);
    push(&mut text, right);
    text
}

fn push(text: &mut String, value: &Value) {
    match value.as_str() {
        Some(more) => text.push_str(more),
        // A string takes everything.
        None => _ = write!(text, "{value}"),
    }
}

/// `a + b`: of two lists, two texts or two numbers.
fn add(left: &Value, right: &Value) -> Result<Value, Error> {
    let is_list = |value: &Value| matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable);
    if is_list(left) && is_list(right) {
        return Ok(Value::from(left.try_iter()?.chain(right.try_iter()?).collect::<Vec<Value>>()));
    }
    match (left.as_str(), right.as_str()) {
        (Some(left), Some(right)) => Ok(Value::from([left, right].concat())),
        (None, None) => calculate(left, right, i64::checked_add, |left, right| left + right),
        _ => Err(unfit("+", left, right)),
    }
}

/// `a * b`: of two numbers. What says a text several times is a drawing, and no prompt.
fn multiply(left: &Value, right: &Value) -> Result<Value, Error> {
    calculate(left, right, i64::checked_mul, |left, right| left * right)
}

fn calculate(
    left: &Value,
    right: &Value,
    whole: impl Fn(i64, i64) -> Option<i64>,
    float: impl Fn(f64, f64) -> f64,
) -> Result<Value, Error> {
    let wholes = left.as_i64().zip(right.as_i64()).and_then(|(left, right)| whole(left, right));
    if let Some(number) = wholes {
        return Ok(Value::from(number));
    }
    let floats = f64::try_from(left.clone()).ok().zip(f64::try_from(right.clone()).ok());
    floats.map(|(left, right)| Value::from(float(left, right))).ok_or_else(|| unfit("+ or *", left, right))
}

fn unfit(operator: &str, left: &Value, right: &Value) -> Error {
    let (left, right) = (left.kind(), right.kind());
    Error::new(ErrorKind::InvalidOperation, format!("tried to use {operator} on {left} and {right}"))
}
