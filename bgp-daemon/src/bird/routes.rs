//! `show route`: page by page, the speaker asked for the next one when the client has taken the one before.

use bgp_core::Family;
use bgp_core::rib::LocalSource;
use bgp_core::speaker::{Cursor, PathSource, PrefixMatch, RouteQuery, RouteView, RoutesOf};
use ipnet::IpNet;
use tokio::io::AsyncWrite;

use super::desk::Desk;
use super::protocol::{Code, Complaint, Lines};
use super::reply::{Failure, Reply};
use super::roster::{Kind, Protocol, Roster};
use super::route_amount;
use super::route_command::{Nets, RouteCommand, Told};
use super::route_lines::Printer;
use super::voice::Voice;
use crate::config::BirdDialect;

/// Paths in one page: some milliseconds of the speaker's time.
const PAGE: usize = 1000;

/// Answers `show route`.
pub(super) async fn show<W>(
    command: RouteCommand,
    desk: &Desk,
    reply: &mut Reply<'_, W>,
) -> Result<(), Failure>
where
    W: AsyncWrite + Unpin,
{
    let roster = desk.roster().await?;
    let mut search = Search::new(&command, &roster, desk.voice)?;
    if let Nets::For(prefix) = command.nets {
        search.query.prefixes = longest(desk, prefix, &search).await?;
    }
    if command.count {
        return route_amount::count(&search, desk, &mut reply.lines).await;
    }
    let printer = Printer { dialect: desk.voice.dialect, times: desk.times(), all: command.all };
    let mut table = Table { printer, search: &search, voice: desk.voice, heading: None, shown: 0 };
    let mut from = None;
    loop {
        let (routes, next) = page(desk, &search.query, from).await?;
        table.print(routes, &mut reply.lines);
        reply.send().await?;
        from = next;
        if from.is_none() {
            break;
        }
    }
    if table.shown == 0 && search.is_of_one() {
        return Err(not_found(desk.voice).into());
    }
    reply.lines.done();
    Ok(())
}

pub(super) fn not_found(voice: Voice) -> Complaint {
    let text = match voice.dialect {
        BirdDialect::One => "Network not in table",
        BirdDialect::Two => "Network not found",
    };
    Complaint::new(Code::NO_ROUTE, text)
}

/// Some of what a query finds, and where to go on.
pub(super) async fn page(
    desk: &Desk,
    query: &RouteQuery,
    from: Option<Cursor>,
) -> Result<(Vec<RouteView>, Option<Cursor>), Failure> {
    let query = query.clone();
    let page = desk.context.inbox.ask(move |speaker, _| speaker.view().routes(&query, from, PAGE)).await?;
    Ok((page.routes, page.next))
}

/// The longest prefix with a best path that covers `prefix`.
async fn longest(desk: &Desk, prefix: IpNet, search: &Search<'_>) -> Result<PrefixMatch, Failure> {
    let query = RouteQuery {
        of: RoutesOf::Best,
        prefixes: PrefixMatch::Longest(prefix),
        family: search.query.family.or(desk.voice.family),
        ..RouteQuery::default()
    };
    let (routes, _) = page(desk, &query, None).await?;
    let found = routes.first().ok_or_else(|| not_found(desk.voice))?;
    Ok(PrefixMatch::Exactly(found.prefix))
}

/// What is looked for.
pub(super) struct Search<'a> {
    pub(super) query: RouteQuery,
    pub(super) roster: &'a Roster,
    pub(super) command: &'a RouteCommand,
    /// Only paths of this machine's own.
    local: Option<LocalSource>,
    /// Only paths of this peer, by its own name.
    peer: Option<&'a str>,
}

impl<'a> Search<'a> {
    fn new(command: &'a RouteCommand, roster: &'a Roster, voice: Voice) -> Result<Self, Complaint> {
        let protocol = |name: &String| {
            let missing = || Complaint::not_understood(format!("{name} is not a protocol"));
            roster.find(name).ok_or_else(missing)
        };
        let family = match &command.table {
            Some(table) => family_of(table, voice)?,
            None => voice.family,
        };
        let prefixes = match command.nets {
            Nets::Any => PrefixMatch::Any,
            Nets::Exactly(prefix) => PrefixMatch::Exactly(prefix),
            Nets::For(prefix) => PrefixMatch::Longest(prefix),
            Nets::In(prefix) => PrefixMatch::Longer(prefix),
        };
        let query = RouteQuery { of: RoutesOf::All, prefixes, family, ..RouteQuery::default() };
        let mut search = Self { query, roster, command, local: None, peer: None };
        if let Some(name) = &command.protocol {
            search.only(protocol(name)?);
        }
        if let Nets::Exactly(prefix) | Nets::For(prefix) | Nets::In(prefix) = &command.nets {
            search.only_of(Family::of(prefix));
        }
        if command.filtered && search.peer.is_none() {
            search.query.of = RoutesOf::Rejected;
        }
        if let Some(told) = &command.told {
            let (Told::Export(name) | Told::NoExport(name)) = told;
            search.query.of = told_to(protocol(name)?, told)?;
        }
        Ok(search)
    }

    /// Narrows it to what comes from `protocol`.
    fn only(&mut self, protocol: &'a Protocol) {
        match &protocol.kind {
            Kind::Bgp(peer) => {
                self.query.of = RoutesOf::In(peer.id);
                self.peer = Some(&peer.name);
            }
            Kind::Local(source, _) => self.local = Some(*source),
            // The interfaces tell no routes: none is asked for.
            Kind::Device => self.peer = Some(""),
        }
        if let [(family, _)] = protocol.routes() {
            self.only_of(*family);
        }
    }

    /// Narrows it to a family; nothing is left where another was asked for.
    fn only_of(&mut self, family: Family) {
        if *self.query.family.get_or_insert(family) != family {
            self.peer = Some("");
        }
    }

    /// Whether a path found is one that was asked for.
    pub(super) fn wants(&self, path: &RouteView) -> bool {
        let is_from = match &path.source {
            PathSource::Local(source) => self.peer.is_none() && self.local.is_none_or(|it| it == *source),
            PathSource::Peer(name) => self.local.is_none() && self.peer.is_none_or(|it| it == &**name),
        };
        is_from
            && path.refused == self.command.filtered
            && (path.best || !self.command.primary)
            && self.command.condition.as_ref().is_none_or(|condition| {
                let source = self.roster.source(&path.source, Family::of(&path.prefix), Voice::PLAIN);
                condition.holds(path, source.peer.map(|peer| peer.address))
            })
    }

    /// Whether one prefix is asked for: an error where there is none.
    pub(super) const fn is_of_one(&self) -> bool {
        matches!(self.command.nets, Nets::Exactly(_) | Nets::For(_))
    }

    /// Whether all accepted paths of its families are wanted, or all of one protocol.
    pub(super) fn is_plain(&self) -> bool {
        let RouteCommand { primary, filtered, told, condition, nets, .. } = self.command;
        !primary && !filtered && told.is_none() && condition.is_none() && *nets == Nets::Any
    }
}

fn family_of(table: &str, voice: Voice) -> Result<Option<Family>, Complaint> {
    let known = voice.families().find(|family| voice.table(*family) == table);
    match (voice.dialect, known) {
        (_, None) => Err(Complaint::not_understood(format!("{table} is not a table"))),
        (BirdDialect::One, Some(_)) => Ok(voice.family),
        (BirdDialect::Two, Some(family)) => Ok(Some(family)),
    }
}

fn told_to(protocol: &Protocol, told: &Told) -> Result<RoutesOf, Complaint> {
    let Some(peer) = protocol.peer() else {
        let text = format!(
            "{} is not a BGP protocol: `caracal kernel` shows what the kernel is told",
            protocol.name
        );
        return Err(Complaint::not_understood(text));
    };
    if peer.negotiated.is_none() {
        return Err(Complaint::not_understood("No valid tables"));
    }
    Ok(match told {
        Told::Export(_) => RoutesOf::Out(peer.id),
        Told::NoExport(_) => RoutesOf::Withheld(peer.id),
    })
}

/// What of a table was printed.
struct Table<'a> {
    printer: Printer,
    search: &'a Search<'a>,
    voice: Voice,
    /// The family whose table was named last.
    heading: Option<Family>,
    shown: usize,
}

impl Table<'_> {
    fn print(&mut self, routes: Vec<RouteView>, lines: &mut Lines) {
        let mut routes: Vec<RouteView> = routes.into_iter().filter(|path| self.search.wants(path)).collect();
        for paths in routes.chunk_by_mut(|one, other| one.prefix == other.prefix) {
            paths.sort_by_key(|path| (!path.best, !path.multipath));
            let family = Family::of(&paths[0].prefix);
            self.name(family, lines);
            for (at, path) in paths.iter().enumerate() {
                let source = self.search.roster.source(&path.source, family, self.voice);
                self.printer.path(path, &source, at == 0, lines);
            }
            self.shown += paths.len();
        }
    }

    /// Names the table of a family, in BIRD 2 and before its first path.
    fn name(&mut self, family: Family, lines: &mut Lines) {
        if self.voice.dialect == BirdDialect::One || self.heading == Some(family) {
            return;
        }
        if self.heading.replace(family).is_some() {
            lines.put(Code::ROUTE, format_args!(""));
        }
        lines.put(Code::ROUTE, format_args!("Table {}:", self.voice.table(family)));
    }
}
