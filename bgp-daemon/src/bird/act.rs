//! Commands that change something: `configure`, `enable`, `disable`, `restart`, `reload`.

use bgp_core::speaker::{Admin, Input, PeerView};
use tokio::io::AsyncWrite;
use tokio::task::spawn_blocking;

use super::command::{Action, Which};
use super::desk::Desk;
use super::protocol::{Code, Complaint, Lines};
use super::reply::{Failure, Reply, in_one_line};
use super::roster::Standing;
use crate::api::{Refusal, RefusalCode};
use crate::config;
use crate::control::Command as Order;

/// `configure`: what did not change is not disturbed, so `soft` makes no difference.
pub(super) async fn configure<W>(desk: &Desk, reply: &mut Reply<'_, W>) -> Result<(), Failure>
where
    W: AsyncWrite + Unpin,
{
    desk.admit()?;
    reading(desk, &mut reply.lines);
    reply.send().await?;
    let reloaded = desk.context.command(|answer| Order::Reload { max_effect: None, answer }).await?;
    for warning in &reloaded.warnings {
        reply.lines.put(Code::READING, format_args!("{}", warning.lines().next().unwrap_or_default()));
    }
    reply.lines.end(Code::RECONFIGURED, format_args!("Reconfigured"));
    Ok(())
}

/// `configure check`: reads the file and changes nothing.
pub(super) async fn check<W>(desk: &Desk, reply: &mut Reply<'_, W>) -> Result<(), Failure>
where
    W: AsyncWrite + Unpin,
{
    desk.admit()?;
    reading(desk, &mut reply.lines);
    reply.send().await?;
    let path = desk.context.facts.borrow().config.clone();
    let loaded = spawn_blocking(move || config::load(&path)).await.map_err(std::io::Error::from)?;
    if let Err(diagnostics) = loaded {
        let text = in_one_line(&config::render(&diagnostics));
        return Err(Complaint::new(Code::INVALID_CONFIGURATION, text).into());
    }
    reply.lines.end(Code::CONFIGURATION_VALID, format_args!("Configuration OK"));
    Ok(())
}

/// `configure confirm`: what is on trial stays.
pub(super) async fn confirm(desk: &Desk, lines: &mut Lines) -> Result<(), Failure> {
    desk.admit()?;
    match desk.context.command(Order::Confirm).await {
        Ok(()) => lines.end(Code::CONFIRMED, format_args!("Reconfiguration confirmed")),
        Err(refusal) => return nothing_to_do(refusal, lines),
    }
    Ok(())
}

/// `configure undo`: back to what was in force before.
pub(super) async fn undo(desk: &Desk, lines: &mut Lines) -> Result<(), Failure> {
    desk.admit()?;
    lines.put(Code::UNDOING, format_args!("Undo requested"));
    match desk.context.command(Order::Undo).await {
        Ok(_) => lines.end(Code::RECONFIGURED, format_args!("Reconfigured")),
        Err(refusal) => return nothing_to_do(refusal, lines),
    }
    Ok(())
}

/// There is nothing on trial, or nothing to go back to: no error to a BIRD.
fn nothing_to_do(refusal: Refusal, lines: &mut Lines) -> Result<(), Failure> {
    if refusal.code != RefusalCode::NotFound {
        return Err(refusal.into());
    }
    lines.end(Code::NOTHING_TO_DO, format_args!("Nothing to do"));
    Ok(())
}

fn reading(desk: &Desk, lines: &mut Lines) {
    let path = desk.context.facts.borrow().config.display().to_string();
    lines.put(Code::READING, format_args!("Reading configuration from {path}"));
}

/// Does something to peers; `text` is what they are told where their sessions end.
pub(super) async fn act(
    action: Action,
    which: &Which,
    text: &str,
    desk: &Desk,
    lines: &mut Lines,
) -> Result<(), Failure> {
    desk.admit()?;
    let roster = desk.roster().await?;
    for protocol in roster.select(which)? {
        let name = &protocol.name;
        match protocol.peer() {
            Some(peer) => {
                let (code, done, inputs) = decide(action, peer, text);
                for input in inputs {
                    desk.context.inbox.order(Input::Admin { peer: peer.id, action: input }).await;
                }
                lines.put(code, format_args!("{name}: {done}"));
            }
            None if matches!(which, Which::Name(_)) => {
                let text = format!("{name} is a part of the daemon: its configuration turns it off");
                return Err(Complaint::new(Code::DENIED, text).into());
            }
            None => {}
        }
    }
    lines.done();
    Ok(())
}

/// What is said of an action on a peer, and what the speaker is told.
fn decide(action: Action, peer: &PeerView, text: &str) -> (Code, &'static str, Vec<Admin>) {
    let state = Standing::of(peer).state;
    let text = text.to_owned();
    match (action, state) {
        (Action::Enable, "down") => (Code::ENABLED, "enabled", vec![Admin::Enable]),
        (Action::Enable, _) => (Code::ALREADY_ENABLED, "already enabled", Vec::new()),
        (_, "down") => (Code::ALREADY_DISABLED, "already disabled", Vec::new()),
        (Action::Disable, _) => (Code::DISABLED, "disabled", vec![Admin::Disable { text }]),
        (Action::Restart, _) => (Code::RESTARTED, "restarted", vec![Admin::Reset]),
        (Action::Reload, "up") => (Code::RELOADING, "reloading", vec![Admin::RefreshIn, Admin::RefreshOut]),
        (Action::ReloadIn, "up") => (Code::RELOADING, "reloading", vec![Admin::RefreshIn]),
        (Action::ReloadOut, "up") => (Code::RELOADING, "reloading", vec![Admin::RefreshOut]),
        (Action::Reload | Action::ReloadIn | Action::ReloadOut, _) => {
            (Code::NOT_RELOADED, "reload failed", Vec::new())
        }
    }
}
