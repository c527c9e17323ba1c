//! Answers as bodies: one object, or a list that is sent while it is read.
//!
//! A part is made when the one before it has gone to the reader's socket, so a slow reader costs a part and a task,
//! and whoever stalls is let go with its connection.

use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Serialize;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::{failed, refused};
use crate::api::{Refusal, Verb};
use crate::control::{Context, Failure, Reader, answer};

/// How long the beginning of an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How a list is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As one array.
    Array,
    /// As a line for each item.
    Lines,
}

impl Form {
    /// The form as headers name it.
    pub(super) const fn content_type(self) -> &'static str {
        match self {
            Self::Array => "application/json",
            Self::Lines => "application/x-ndjson",
        }
    }

    /// A whole list.
    pub(super) fn body<T: Serialize>(self, items: &[T]) -> Response {
        let mut text = Text::new(self);
        let written = text.add(items).map(|mut octets| {
            octets.extend(text.end());
            octets
        });
        match written {
            Ok(octets) => ([(CONTENT_TYPE, self.content_type())], octets).into_response(),
            Err(error) => refused(&Refusal::refused(error.to_string())),
        }
    }
}

/// A list that is being written.
#[derive(Debug)]
struct Text {
    form: Form,
    /// Nothing of it has been written.
    is_new: bool,
}

impl Text {
    const fn new(form: Form) -> Self {
        Self { form, is_new: true }
    }

    fn add<T: Serialize>(&mut self, items: &[T]) -> serde_json::Result<Vec<u8>> {
        let mut octets = Vec::new();
        for item in items {
            octets.extend_from_slice(match (self.form, self.is_new) {
                (Form::Array, true) => b"[\n",
                (Form::Array, false) => b",\n",
                (Form::Lines, _) => b"",
            });
            self.is_new = false;
            serde_json::to_writer(&mut octets, item)?;
            if self.form == Form::Lines {
                octets.push(b'\n');
            }
        }
        Ok(octets)
    }

    const fn end(&self) -> &'static [u8] {
        match (self.form, self.is_new) {
            (Form::Array, true) => b"[]\n",
            (Form::Array, false) => b"\n]\n",
            (Form::Lines, _) => b"",
        }
    }
}

/// Hands parts to a connection.
#[derive(Debug)]
struct Parts {
    text: Text,
    /// `Err`: the list ends here, and not in good order.
    reader: mpsc::Sender<Result<Bytes, io::Error>>,
}

impl Parts {
    async fn part(&self, octets: Vec<u8>) -> Result<(), Failure> {
        let gone = |_| Failure::Gone(io::ErrorKind::BrokenPipe.into());
        self.reader.send(Ok(octets.into())).await.map_err(gone)
    }
}

impl Reader for Parts {
    async fn items<T: Serialize + Sync>(&mut self, items: &[T]) -> Result<(), Failure> {
        if items.is_empty() {
            return Ok(());
        }
        let octets = self.text.add(items).map_err(io::Error::from)?;
        self.part(octets).await
    }
}

/// The answer to a question for a list.
pub(super) async fn list(context: Context, verb: Verb, form: Form) -> Response {
    let (reader, parts) = mpsc::channel(1);
    let task = tokio::spawn(async move {
        let mut out = Parts { text: Text::new(form), reader };
        answer(verb, &context, &mut out).await?;
        out.part(out.text.end().to_vec()).await
    });
    open(task, parts, form.content_type()).await
}

/// An answer that `task` makes in parts. Its status is known when its first part is.
pub(super) async fn open(
    task: Maker,
    mut parts: mpsc::Receiver<Result<Bytes, io::Error>>,
    content_type: &'static str,
) -> Response {
    let Ok(first) = timeout(PATIENCE, parts.recv()).await else { return silence() };
    let Some(first) = first else {
        return match task.await {
            Ok(Err(failure)) => failed(failure),
            Ok(Ok(())) | Err(_) => refused(&Refusal::refused("the answer was lost")),
        };
    };
    let rest = stream::unfold(Rest { parts, task: Some(task) }, Rest::next);
    let body = Body::from_stream(stream::StreamExt::chain(stream::iter([first]), rest));
    ([(CONTENT_TYPE, content_type)], body).into_response()
}

fn silence() -> Response {
    refused(&Refusal::refused("the speaker does not answer"))
}

/// Who makes the parts of an answer.
type Maker = JoinHandle<Result<(), Failure>>;

/// What is still to come of a list.
struct Rest {
    parts: mpsc::Receiver<Result<Bytes, io::Error>>,
    /// Who makes it; `None` once that has ended.
    task: Option<Maker>,
}

impl Rest {
    /// The next part. A list that could not be finished ends in an error, so that nobody takes it for whole.
    async fn next(mut self) -> Option<(Result<Bytes, io::Error>, Self)> {
        if let Some(part) = self.parts.recv().await {
            return Some((part, self));
        }
        match self.task.take()?.await {
            Ok(Ok(())) => None,
            Ok(Err(_)) | Err(_) => Some((Err(io::ErrorKind::UnexpectedEof.into()), self)),
        }
    }
}

/// Keeps the one thing that an answer consists of.
#[derive(Debug, Default)]
struct Only(Option<Vec<u8>>);

impl Reader for Only {
    async fn items<T: Serialize + Sync>(&mut self, items: &[T]) -> Result<(), Failure> {
        if let Some(item) = items.first() {
            let mut octets = serde_json::to_vec(item).map_err(io::Error::from)?;
            octets.push(b'\n');
            self.0 = Some(octets);
        }
        Ok(())
    }
}

/// The answer to a question for one thing.
pub(super) async fn one(context: Context, verb: Verb) -> Response {
    let mut only = Only::default();
    let Ok(outcome) = timeout(PATIENCE, answer(verb, &context, &mut only)).await else { return silence() };
    match outcome {
        Ok(()) => ([(CONTENT_TYPE, Form::Array.content_type())], only.0.unwrap_or_default()).into_response(),
        Err(failure) => failed(failure),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(form: Form, parts: &[&[u8]]) -> String {
        let mut text = Text::new(form);
        let mut octets: Vec<u8> =
            parts.iter().flat_map(|part| text.add(part).expect("numbers are JSON")).collect();
        octets.extend(text.end());
        String::from_utf8(octets).expect("text")
    }

    #[test]
    fn parts_make_one_list() {
        assert_eq!(written(Form::Array, &[]), "[]\n");
        assert_eq!(written(Form::Array, &[&[1, 2], &[], &[3]]), "[\n1,\n2,\n3\n]\n");
        assert_eq!(written(Form::Lines, &[&[1, 2], &[3]]), "1\n2\n3\n");
        assert_eq!(written(Form::Lines, &[]), "");
    }
}
