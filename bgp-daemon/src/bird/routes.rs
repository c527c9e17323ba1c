//! `show route`: page by page, the speaker asked for the next one when the client has taken the one before.

use bgp_core::Family;
use bgp_core::rib::LocalSource;
use bgp_core::speaker::{
    Cursor, PathSource, PrefixMatch, RouteCounts, RouteQuery, RouteView, RoutesOf, Summary,
};
use tokio::io::AsyncWrite;

use super::desk::Desk;
use super::protocol::{Code, Complaint, Lines};
use super::reply::{Failure, Reply};
use super::roster::{Kind, Protocol, Roster};
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
        return count(&command, search, desk, reply).await;
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
    if table.shown == 0 && !matches!(command.nets, Nets::Any | Nets::In(_)) {
        return Err(not_found(desk.voice).into());
    }
    reply.lines.done();
    Ok(())
}

fn not_found(voice: Voice) -> Complaint {
    let text = match voice.dialect {
        BirdDialect::One => "Network not in table",
        BirdDialect::Two => "Network not found",
    };
    Complaint::new(Code::NO_ROUTE, text)
}

async fn page(
    desk: &Desk,
    query: &RouteQuery,
    from: Option<Cursor>,
) -> Result<(Vec<RouteView>, Option<Cursor>), Failure> {
    let query = query.clone();
    let page = desk.context.inbox.ask(move |speaker, _| speaker.view().routes(&query, from, PAGE)).await?;
    Ok((page.routes, page.next))
}

/// The longest prefix with a best path that covers `prefix`.
async fn longest(desk: &Desk, prefix: ipnet::IpNet, search: &Search<'_>) -> Result<PrefixMatch, Failure> {
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
struct Search<'a> {
    query: RouteQuery,
    roster: &'a Roster,
    command: &'a RouteCommand,
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
            Kind::Local(source, counts) => {
                self.local = Some(*source);
                if let [(family, _)] = counts[..] {
                    self.query.family = Some(family);
                }
            }
            // The interfaces tell no routes: none is asked for.
            Kind::Device => self.peer = Some(""),
        }
    }

    /// Whether a path found is one that was asked for.
    fn wants(&self, path: &RouteView) -> bool {
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

    /// Whether all accepted paths of its families are wanted, or all of one protocol.
    fn is_plain(&self) -> bool {
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

/// Answers `show route … count`.
async fn count<W>(
    command: &RouteCommand,
    search: Search<'_>,
    desk: &Desk,
    reply: &mut Reply<'_, W>,
) -> Result<(), Failure>
where
    W: AsyncWrite + Unpin,
{
    let summary = desk.context.inbox.ask(|speaker, _| speaker.view().summary()).await?;
    let families: Vec<Family> =
        desk.voice.families().filter(|it| search.query.family.is_none_or(|only| only == *it)).collect();
    let mut counts: Vec<Count> =
        families.iter().map(|family| Count::new(*family, &search, &summary)).collect();
    if !search.is_plain() {
        counts.iter_mut().for_each(|count| count.wanted = 0);
        let mut from = None;
        loop {
            let (routes, next) = page(desk, &search.query, from).await?;
            for path in routes.iter().filter(|path| search.wants(path)) {
                let family = Family::of(&path.prefix);
                counts.iter_mut().filter(|it| it.family == family).for_each(|count| count.wanted += 1);
            }
            from = next;
            if from.is_none() {
                break;
            }
        }
    }
    say(&counts, command, desk.voice, &mut reply.lines);
    Ok(())
}

/// How many paths of a table were wanted, of how many.
struct Count {
    family: Family,
    wanted: u64,
    paths: u64,
    nets: usize,
}

impl Count {
    fn new(family: Family, search: &Search<'_>, summary: &Summary) -> Self {
        let accepted = |protocol: &Protocol| accepted(protocol, family);
        let paths = search.roster.protocols.iter().map(accepted).sum();
        let wanted = match &search.command.protocol {
            Some(name) => search.roster.find(name).map_or(0, accepted),
            None => paths,
        };
        let nets = summary.tables.iter().find(|table| table.0 == family).map_or(0, |table| table.1);
        Self { family, wanted, paths, nets }
    }
}

/// How many paths of a protocol may be chosen.
fn accepted(protocol: &Protocol, family: Family) -> u64 {
    let counts: &[(Family, RouteCounts)] = match &protocol.kind {
        Kind::Device => &[],
        Kind::Local(_, counts) => counts,
        Kind::Bgp(peer) => &peer.routes,
    };
    counts.iter().filter(|(its, _)| *its == family).map(|(_, counts)| counts.accepted).sum()
}

fn say(counts: &[Count], command: &RouteCommand, voice: Voice, lines: &mut Lines) {
    let sum = |what: fn(&Count) -> u64| counts.iter().map(what).sum::<u64>();
    let (wanted, paths) = (sum(|it| it.wanted), sum(|it| it.paths));
    let nets: usize = counts.iter().map(|it| it.nets).sum();
    if voice.dialect == BirdDialect::One {
        lines.end(Code::ROUTE_COUNT, format_args!("{wanted} of {paths} routes for {nets} networks"));
        return;
    }
    for Count { family, wanted, paths, nets } in counts {
        let table = voice.table(*family);
        let line = format!("{wanted} of {paths} routes for {nets} networks in table {table}");
        lines.put(Code::ROUTE, format_args!("{line}"));
    }
    if command.table.is_some() || counts.len() == 1 {
        lines.done();
        return;
    }
    let tables = counts.len();
    lines.end(
        Code::ROUTE_COUNT,
        format_args!("Total: {wanted} of {paths} routes for {nets} networks in {tables} tables"),
    );
}
