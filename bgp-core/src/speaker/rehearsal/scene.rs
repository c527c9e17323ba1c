//! Scenes: prefixes with all that is known of them, copied in pages.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use crate::rib::{Accepted, Interned, NetId, Reach, SourceId};
use crate::speaker::{Cursor, View};
use crate::wire::PathId;
use crate::{Family, Instant};

/// Some prefixes with all their paths, and how their next hops are reached.
#[derive(Debug, Default)]
pub struct Scene {
    pub(super) nets: Vec<Net>,
    pub(super) reach: BTreeMap<IpAddr, Reach>,
    pub(super) next: Option<Cursor>,
}

#[derive(Debug)]
pub(super) struct Net {
    pub(super) prefix: IpNet,
    pub(super) paths: Vec<Path>,
}

/// A path as the speaker has it.
#[derive(Debug)]
pub(super) struct Path {
    pub(super) source: SourceId,
    pub(super) path_id: PathId,
    pub(super) received: Arc<Interned>,
    pub(super) accepted: Accepted,
    pub(super) stale: bool,
    pub(super) since: Instant,
}

impl View<'_> {
    /// A page of everything: whole prefixes, until there are at least `most` paths. Begin with `None` and go on with
    /// [`Scene::next`].
    #[must_use]
    pub fn scene(&self, from: Option<Cursor>, most: usize) -> Scene {
        let mut scene = Scene::default();
        let mut paths = 0;
        let start = from.map_or(Family::IPV4, |cursor| cursor.family);
        for family in Family::UNICAST.into_iter().filter(|family| *family >= start) {
            let first =
                from.filter(|cursor| cursor.family == family).map_or(NetId::FIRST, |cursor| cursor.net);
            let Some(table) = self.speaker.rib.table(family) else { continue };
            for (net, prefix) in table.nets_from(first) {
                if paths >= most {
                    scene.next = Some(Cursor { family, net });
                    return scene;
                }
                let net = self.copy(family, net, prefix, &mut scene.reach);
                // A net may be kept only because somebody still thinks of it.
                paths += net.paths.len().max(1);
                scene.nets.push(net);
            }
        }
        scene
    }

    fn copy(&self, family: Family, net: NetId, prefix: IpNet, reach: &mut BTreeMap<IpAddr, Reach>) -> Net {
        let rib = &self.speaker.rib;
        let mut paths = Vec::new();
        for path in rib.paths(family, net) {
            let tracked =
                path.accepted.ok().into_iter().chain([path.received]).filter_map(|route| route.tracked());
            reach.extend(tracked.filter_map(|address| Some((address, rib.reach(address)?.clone()))));
            paths.push(Path {
                source: path.source,
                path_id: path.path_id,
                received: Arc::clone(path.received),
                accepted: path.accepted.cloned(),
                stale: path.stale,
                since: path.since,
            });
        }
        Net { prefix, paths }
    }
}
