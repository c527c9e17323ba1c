//! Printing answers: the daemon's JSON as it is, or rows for people.

use std::io::{self, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::{RawValue, to_raw_value};

use super::arguments::Output;
use super::client::{Client, ClientError, understood};
use super::table::Colour;
use crate::api::Verb;

/// How to print.
pub(super) struct Screen<'a> {
    /// In which form.
    pub(super) output: Output,
    /// Whether in colour.
    pub(super) colour: Colour,
    /// Where to.
    pub(super) out: &'a mut dyn Write,
}

impl Screen<'_> {
    /// Prints a list of the daemon's in the order of `key`; for people with `render`.
    pub(super) fn list<T, K, R>(
        &mut self,
        client: &Client,
        verb: Verb,
        key: impl Fn(&T) -> K,
        render: R,
    ) -> Result<usize, ClientError>
    where
        T: DeserializeOwned,
        K: Ord,
        R: Fn(&[T], &mut Screen<'_>) -> io::Result<()>,
    {
        if self.output == Output::Ndjson {
            let mut count = 0;
            client.ask(verb, |item| {
                count += 1;
                Ok(writeln!(self.out, "{item}")?)
            })?;
            return Ok(count);
        }
        let mut items: Vec<(K, Box<RawValue>, T)> = Vec::new();
        client.ask(verb, |item| {
            let value: T = understood(&item)?;
            items.push((key(&value), item, value));
            Ok(())
        })?;
        items.sort_by(|(a, ..), (b, ..)| a.cmp(b));
        let count = items.len();
        if self.output == Output::Json {
            self.array(items.iter().map(|(_, item, _)| &**item))?;
        } else {
            let values: Vec<T> = items.into_iter().map(|(.., value)| value).collect();
            render(&values, self)?;
        }
        Ok(count)
    }

    /// Prints a single thing; for people with `render`. Returns it.
    pub(super) fn one<T, R>(&mut self, client: &Client, verb: Verb, render: R) -> Result<T, ClientError>
    where
        T: DeserializeOwned,
        R: Fn(&T, &mut Screen<'_>) -> io::Result<()>,
    {
        let mut only = None;
        client.ask(verb, |item| {
            only = Some(item);
            Ok(())
        })?;
        let item = only.ok_or_else(|| ClientError::Garbled("it is empty".to_owned()))?;
        let value = understood(&item)?;
        match self.output {
            Output::Json | Output::Ndjson => writeln!(self.out, "{item}")?,
            Output::Table | Output::Wide => render(&value, self)?,
        }
        Ok(value)
    }

    /// Prints a list of our own.
    pub(super) fn values<T, R>(&mut self, values: &[T], render: R) -> io::Result<()>
    where
        T: Serialize,
        R: Fn(&[T], &mut Screen<'_>) -> io::Result<()>,
    {
        match self.output {
            Output::Table | Output::Wide => render(values, self),
            Output::Json | Output::Ndjson => {
                let items: Vec<Box<RawValue>> =
                    values.iter().map(to_raw_value).collect::<Result<_, serde_json::Error>>()?;
                if self.output == Output::Json {
                    return self.array(items.iter().map(|item| &**item));
                }
                items.iter().try_for_each(|item| writeln!(self.out, "{item}"))
            }
        }
    }

    /// Whether more columns are wanted.
    pub(super) fn is_wide(&self) -> bool {
        self.output == Output::Wide
    }

    /// Whether rows are wanted and not JSON.
    pub(super) fn is_for_people(&self) -> bool {
        matches!(self.output, Output::Table | Output::Wide)
    }

    fn array<'a>(&mut self, items: impl Iterator<Item = &'a RawValue>) -> io::Result<()> {
        let mut separator = "";
        write!(self.out, "[")?;
        for item in items {
            write!(self.out, "{separator}\n  {item}")?;
            separator = ",";
        }
        let end = if separator.is_empty() { "]" } else { "\n]" };
        writeln!(self.out, "{end}")
    }
}
