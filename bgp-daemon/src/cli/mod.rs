//! The command line, of both programs.

mod arguments;
mod bird;
mod bundle;
mod change;
mod check;
mod client;
mod completion;
mod consequences;
mod diff;
mod doctor;
mod drain;
mod events;
mod exit;
mod explanation;
mod kernel;
mod man;
mod offline;
mod peers;
mod routes;
mod show;
mod status;
mod table;
mod top;
mod wait;

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;
use std::time::Duration;

use clap::FromArgMatches;

use crate::api::{self, RefusalCode};
use crate::config::Role;
use arguments::{Aid, Arguments, Ask, Awaited, Global, Here, Verb};
use client::{Client, ClientError};
use exit::Exit;
use explanation::Question;
use show::Screen;
use table::Colour;

/// How long one answer may take while many are waited for.
const ANSWER: Duration = Duration::from_secs(10);

/// Runs the program for `role` with the arguments of this process, or what it is where it has the name of one of
/// BIRD's programs.
#[must_use]
pub fn main(role: Role) -> ExitCode {
    if let Some(code) = bird::main(std::env::args_os()) {
        return code;
    }
    completion::answer(role);
    let arguments = match Arguments::from_arg_matches(&command(role).get_matches()) {
        Ok(arguments) => arguments,
        Err(error) => error.exit(),
    };
    dispatch(role, arguments).into()
}

/// What can be typed: the verbs, options and help of the program for `role`.
#[must_use]
pub fn command(role: Role) -> clap::Command {
    arguments::command(role)
}

fn dispatch(role: Role, Arguments { global, verb }: Arguments) -> Exit {
    let mut out = BufWriter::new(io::stdout().lock());
    let mut screen = Screen { output: global.output, colour: Colour::of_terminal(), out: &mut out };
    let outcome = match verb {
        Verb::Here(Here::Run { config }) => return offline::run(role, &config),
        Verb::Here(Here::Check { file }) => check::run(role, &file, &mut screen),
        Verb::Here(Here::Completion { shell }) => {
            completion::script(shell, role, screen.out).map(|()| Exit::Done).map_err(Into::into)
        }
        Verb::Here(Here::Man { folder }) => {
            man::write(role, &folder).map(|()| Exit::Done).map_err(Into::into)
        }
        Verb::Aid(Aid::Doctor { config }) => doctor::run(role, &global.client(), config, &mut screen),
        Verb::Aid(Aid::Bundle { file, config, routes }) => {
            let wish = bundle::Wish { file, config, routes };
            bundle::run(role, &global.client(), wish, &mut screen)
        }
        Verb::Ask(verb) => answer(verb, &global, &mut screen),
        Verb::Change(verb) => change::carry_out(verb, role, &global, &mut screen),
    };
    match outcome.and_then(|exit| Ok(out.flush().map(|()| exit)?)) {
        Ok(exit) => exit,
        // Whoever read our output has seen enough.
        Err(ClientError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
        Err(error) => {
            report(&error);
            Exit::from(&error)
        }
    }
}

/// Errors in a configuration come as several lines that say `error` themselves.
fn report(error: &ClientError) {
    match error {
        ClientError::Refused(refusal) if refusal.code == RefusalCode::Config => {
            eprintln!("{}", refusal.message.trim_end());
        }
        other => eprintln!("error: {other}"),
    }
}

fn answer(verb: Ask, global: &Global, screen: &mut Screen<'_>) -> Result<Exit, ClientError> {
    let client = &global.client();
    match verb {
        Ask::Status => {
            screen.one(client, api::Verb::Status, status::full)?;
        }
        Ask::Peers => {
            screen.list(client, api::Verb::Peers, |peer: &api::Peer| peer.name.clone(), peers::table)?;
        }
        Ask::Peer { name, action: Some(action), text } => {
            let verb = api::Verb::Admin { peer: name, action: action.into(), text };
            client.ask(verb, |_| Ok(()))?;
        }
        Ask::Peer { name, action: None, .. } => {
            screen.one(client, api::Verb::Peer { name }, peers::full)?;
        }
        Ask::Routes(routes) => {
            let selection = routes.selection();
            let count =
                screen.list(client, api::Verb::Routes(selection.clone()), routes::order, routes::table)?;
            if count == 0 && screen.is_for_people() {
                routes::say_what_else(&selection);
            }
        }
        Ask::History(history) => {
            let recall = history.asked().map_err(ClientError::Refused)?;
            screen.list(client, api::Verb::History(recall), events::order, events::table)?;
        }
        Ask::Watch(watch) => events::watch(&global.client(), watch.asked(), screen)?,
        Ask::Explain { prefix, name, .. } if name.is_some() || prefix == "peer" => {
            return session(&prefix, name, client, screen);
        }
        Ask::Explain { prefix, name: _, peer, import, kernel } => {
            let about = match (import, kernel) {
                (true, _) => api::About::Import,
                (false, true) => api::About::Kernel,
                (false, false) => api::About::All,
            };
            let question = Question::of(about, peer.is_some());
            let verb = api::Verb::Explain { prefix: prefix.clone(), peer, about };
            let told = screen
                .one(client, verb, |told, screen| explanation::print(told, &prefix, question, screen))?;
            return Ok(if question.is_answered_yes(&told) { Exit::Done } else { Exit::Not });
        }
        Ask::Kernel { sweep_anyway: true, .. } => client.ask(api::Verb::SweepAnyway, |_| Ok(()))?,
        Ask::Kernel { summary: true, .. } => {
            screen.one(client, api::Verb::KernelSummary, kernel::summary)?;
        }
        Ask::Kernel { drift, .. } => return kernel(drift, client, screen),
        Ask::Top { every } => return top::run(client, every, screen),
        Ask::Wait { what: Awaited::Ready } => {
            let limit = global.limit();
            let client = Client { timeout: ANSWER.min(limit), ..global.client() };
            return wait::ready(&client, limit, screen);
        }
    }
    Ok(Exit::Done)
}

/// `explain peer NAME`: why a session is not up.
fn session(
    word: &str,
    name: Option<String>,
    client: &Client,
    screen: &mut Screen<'_>,
) -> Result<Exit, ClientError> {
    let refused = |usage: String| ClientError::Refused(api::Refusal::usage(usage));
    let name = name.ok_or_else(|| refused("name a peer".to_owned()))?;
    if word != "peer" {
        return Err(refused(format!("{word:?} is not `peer`: explain PREFIX, or explain peer NAME")));
    }
    let told = screen.one(client, api::Verb::ExplainPeer { name }, peers::explanation)?;
    Ok(if told.state == "Established" { Exit::Done } else { Exit::Not })
}

/// The kernel's routes, and below them, for people, how many there are.
fn kernel(drift: bool, client: &Client, screen: &mut Screen<'_>) -> Result<Exit, ClientError> {
    let count = screen.list(client, api::Verb::Kernel { drift }, kernel::order, kernel::table)?;
    if screen.is_for_people() {
        screen.one(client, api::Verb::KernelSummary, kernel::totals)?;
    }
    Ok(if drift && count > 0 { Exit::Not } else { Exit::Done })
}
