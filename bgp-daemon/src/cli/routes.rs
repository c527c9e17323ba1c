//! Routes for people.

use std::io;

use ipnet::IpNet;

use super::show::Screen;
use super::table::{Align, Cell, Table, Tone, age};
use crate::api::{AsPathElement, Route, Scope, Selection};

/// Routes are listed by prefix, the best path first.
pub(super) fn order(route: &Route) -> (Option<IpNet>, bool, Option<String>, Option<u32>) {
    (prefix(&route.prefix), !route.best, route.peer.clone(), route.path_id)
}

/// Prefixes in the order of their numbers.
pub(super) fn prefix(text: &str) -> Option<IpNet> {
    text.parse().ok()
}

/// Prints paths; `*` marks the best, `+` those that forward beside it, `s` stale ones.
pub(super) fn table(routes: &[Route], screen: &mut Screen<'_>) -> io::Result<()> {
    use Align::{Left, Right};
    let mut columns = vec![
        ("PREFIX", Left),
        ("", Left),
        ("FROM", Left),
        ("NEXT HOP", Left),
        ("PREF", Right),
        ("MED", Right),
        ("AS PATH", Left),
    ];
    if screen.is_wide() {
        columns.extend([("ORIGIN", Left), ("COMMUNITIES", Left), ("ORIGINATOR", Left), ("CLUSTERS", Left)]);
        columns.extend([("ID", Right), ("AGE", Right)]);
    }
    columns.push(("NOT BEST BECAUSE", Left));
    let mut table = Table::new(&columns);
    for route in routes {
        table.row(row(route, screen.is_wide()));
    }
    table.write(screen.out, screen.colour)
}

/// Says on standard error how to ask for what covers the prefix of a selection, where only that prefix itself was asked for.
pub(super) fn say_what_else(selection: &Selection) {
    let exact = selection.prefix.as_deref().filter(|_| selection.scope == Scope::Exact);
    if let Some(prefix) = exact.filter(|asked| prefix(asked).is_some()) {
        eprintln!(
            "no such route is for exactly {prefix}: --covering asks for what covers it, --longer for what lies inside"
        );
    }
}

fn row(route: &Route, wide: bool) -> Vec<Cell> {
    let tone = if route.best { Tone::Good } else { Tone::Plain };
    let mut row = vec![
        Cell::new(&route.prefix, tone),
        flags(route).into(),
        route.peer.as_deref().unwrap_or(&route.source).into(),
        next_hop(route).into(),
        optional(route.local_preference),
        optional(route.med),
        as_path(&route.as_path).into(),
    ];
    if wide {
        let communities = [&route.communities, &route.large_communities, &route.extended_communities];
        row.push((&route.origin).into());
        row.push(communities.map(|list| list.join(" ")).join(" ").trim().into());
        row.push(optional(route.originator_id.as_ref()));
        row.push(route.cluster_list.join(" ").into());
        row.push(optional(route.path_id));
        row.push(age(route.age).into());
    }
    row.push(Cell::new(&route.reason, Tone::Dim));
    row
}

fn flags(route: &Route) -> String {
    let flags = [(route.best, '*'), (route.multipath && !route.best, '+'), (route.stale, 's')];
    flags.iter().filter_map(|(set, flag)| set.then_some(*flag)).collect()
}

fn next_hop(route: &Route) -> String {
    match (&route.next_hop, &route.interface) {
        (Some(next_hop), None) => next_hop.clone(),
        (Some(next_hop), Some(interface)) => format!("{next_hop} dev {interface}"),
        (None, Some(interface)) => format!("dev {interface}"),
        (None, None) => String::new(),
    }
}

pub(super) fn optional(value: Option<impl ToString>) -> Cell {
    value.map_or_else(Cell::default, |value| value.to_string().into())
}

fn as_path(path: &[AsPathElement]) -> String {
    let elements = path.iter().map(|element| match element {
        AsPathElement::Asn(asn) => asn.to_string(),
        AsPathElement::Set(asns) => {
            let asns: Vec<String> = asns.iter().map(ToString::to_string).collect();
            format!("{{{}}}", asns.join(","))
        }
    });
    elements.collect::<Vec<String>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_are_in_the_order_of_prefixes_with_the_best_path_first() {
        let route = |prefix: &str, best| Route { prefix: prefix.to_owned(), best, ..Route::default() };
        let mut routes = [
            route("2001:db8::/32", true),
            route("10.0.0.0/8", false),
            route("9.0.0.0/8", true),
            route("10.0.0.0/8", true),
        ];
        routes.sort_by_key(order);
        let prefixes: Vec<(&str, bool)> = routes.iter().map(|r| (&*r.prefix, r.best)).collect();
        let expected =
            [("9.0.0.0/8", true), ("10.0.0.0/8", true), ("10.0.0.0/8", false), ("2001:db8::/32", true)];
        assert_eq!(prefixes, expected);
    }

    #[test]
    fn an_as_set_stands_in_braces() {
        let path = [AsPathElement::Asn(65001), AsPathElement::Set(vec![1, 2])];
        assert_eq!(as_path(&path), "65001 {1,2}");
    }
}
