//! `show route … count`: how many paths are wanted, of how many that are looked at.

use bgp_core::Family;
use bgp_core::speaker::{Amount, PrefixMatch, RouteCounts, RouteQuery, RouteView, RoutesOf};
use ipnet::IpNet;

use super::desk::Desk;
use super::protocol::{Code, Lines};
use super::reply::Failure;
use super::route_command::RouteCommand;
use super::routes::{Search, not_found, page};
use super::voice::Voice;
use crate::config::BirdDialect;

/// Answers `show route … count`.
pub(super) async fn count(search: &Search<'_>, desk: &Desk, lines: &mut Lines) -> Result<(), Failure> {
    let families = desk.voice.families().filter(|it| search.query.family.is_none_or(|only| only == *it));
    let mut counts = Vec::new();
    for family in families {
        let all = all(family, search, desk).await?;
        let wanted = wanted(family, search, desk, all).await?;
        counts.push(Count { family, wanted, all });
    }
    if search.is_of_one() && counts.iter().all(|count| count.all.nets == 0) {
        return Err(not_found(desk.voice).into());
    }
    say(&counts, desk.voice, lines);
    Ok(())
}

/// How many paths of a table were wanted, of how many.
struct Count {
    family: Family,
    wanted: u64,
    all: Amount,
}

/// How many paths of a family are looked at: accepted or refused ones, of the prefixes asked for.
async fn all(family: Family, search: &Search<'_>, desk: &Desk) -> Result<Amount, Failure> {
    let RouteCommand { filtered, primary, .. } = *search.command;
    let query = RouteQuery {
        of: if filtered { RoutesOf::Rejected } else { RoutesOf::All },
        family: Some(family),
        ..search.query.clone()
    };
    let (mut all, mut from) = (Amount::default(), None);
    loop {
        let (part, next) = if query.prefixes == PrefixMatch::Any && !filtered {
            desk.look(move |speaker| speaker.view().accepted(family, from)).await?
        } else {
            let (routes, next) = page(desk, &query, from).await?;
            (amount(routes.into_iter().filter(|path| path.refused == filtered)), next)
        };
        all.paths += part.paths;
        all.nets += part.nets;
        from = next;
        if from.is_none() {
            break;
        }
    }
    // Of each prefix one.
    Ok(if primary { Amount { paths: all.nets, ..all } } else { all })
}

/// Counts whole prefixes.
fn amount(paths: impl Iterator<Item = RouteView>) -> Amount {
    let prefixes: Vec<IpNet> = paths.map(|path| path.prefix).collect();
    Amount { paths: prefixes.len() as u64, nets: prefixes.chunk_by(IpNet::eq).count() as u64 }
}

/// How many of `all` paths of a family are wanted.
async fn wanted(family: Family, search: &Search<'_>, desk: &Desk, all: Amount) -> Result<u64, Failure> {
    if search.is_plain() {
        let only = search.command.protocol.as_ref().and_then(|name| search.roster.find(name));
        return Ok(only.map_or(all.paths, |protocol| accepted(protocol.routes(), family)));
    }
    let query = RouteQuery { family: Some(family), ..search.query.clone() };
    let (mut wanted, mut from) = (0, None);
    loop {
        let (routes, next) = page(desk, &query, from).await?;
        wanted += routes.iter().filter(|path| search.wants(path)).count() as u64;
        from = next;
        if from.is_none() {
            return Ok(wanted);
        }
    }
}

/// How many paths of a family may be chosen.
fn accepted(counts: &[(Family, RouteCounts)], family: Family) -> u64 {
    counts.iter().filter(|(its, _)| *its == family).map(|(_, counts)| counts.accepted).sum()
}

fn say(counts: &[Count], voice: Voice, lines: &mut Lines) {
    let sum = |what: fn(&Count) -> u64| counts.iter().map(what).sum::<u64>();
    let (wanted, paths, nets) = (sum(|it| it.wanted), sum(|it| it.all.paths), sum(|it| it.all.nets));
    if voice.dialect == BirdDialect::One {
        lines.end(Code::ROUTE_COUNT, format_args!("{wanted} of {paths} routes for {nets} networks"));
        return;
    }
    for Count { family, wanted, all: Amount { paths, nets } } in counts {
        let table = voice.table(*family);
        let line = format!("{wanted} of {paths} routes for {nets} networks in table {table}");
        lines.put(Code::ROUTE, format_args!("{line}"));
    }
    if counts.len() == 1 {
        lines.done();
        return;
    }
    let tables = counts.len();
    lines.end(
        Code::ROUTE_COUNT,
        format_args!("Total: {wanted} of {paths} routes for {nets} networks in {tables} tables"),
    );
}
