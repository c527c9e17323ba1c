//! One stage of a route's way, prepared so that running it is nothing but the stage.

use std::any::Any;
use std::fmt;
use std::hint::black_box;
use std::net::Ipv4Addr;
use std::sync::Arc;

use bgp_core::export::{Exporter, OwnAddresses, Target};
use bgp_core::peer::{AddPathSend, NextHopRule};
use bgp_core::policy::{
    Action, CommunityPattern, Condition, Disposition, Policy, PrefixRange, Rule, Set, SourceKind, Subject,
    evaluate,
};
use bgp_core::rib::{Change, Interned, NextHopMode, PeerSource, Rib, Settings, Source, SourceId};
use bgp_core::speaker::PeerId;
use bgp_core::wire::{Nlri, PeerKind, decode, frame};
use bgp_core::{Family, Instant, RouterId};
use bytes::BytesMut;

use crate::sessions::Reflector;
use crate::table::{ASN, Group, address, dialect, encode, octets, table};

/// A stage of a route's way through a speaker.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stage {
    /// UPDATEs from octets.
    Decode,
    /// UPDATEs to octets.
    Encode,
    /// Sets of attributes nobody knows yet find their place.
    InternNew,
    /// Sets of attributes that are known are recognised.
    InternKnown,
    /// Routes of prefixes nobody knows yet enter the RIB.
    Insert,
    /// Routes replace others of the same peer.
    Replace,
    /// So many paths of each prefix are compared.
    Decide(u8),
    /// One more path comes to each prefix of so many paths, of which the best is known.
    Challenge(u8),
    /// A policy of three rules judges each route.
    Policy,
    /// What changed is told to so many peers that hear the same.
    Export(u32),
    /// Everything, from octets in to octets out to so many peers.
    Speaker(usize),
    /// Everything, with a wish for the kernel's table per prefix.
    SpeakerWithKernel,
}

/// A stage ready to run; what it leaves behind is returned, so that tearing it down is not measured.
pub(crate) type Run = Box<dyn FnOnce() -> Box<dyn Any>>;

impl Stage {
    /// Every stage measured.
    pub(crate) const ALL: [Self; 17] = [
        Self::Decode,
        Self::Encode,
        Self::InternNew,
        Self::InternKnown,
        Self::Insert,
        Self::Replace,
        Self::Decide(1),
        Self::Decide(4),
        Self::Challenge(3),
        Self::Policy,
        Self::Export(1),
        Self::Export(10),
        Self::Export(100),
        Self::Speaker(1),
        Self::Speaker(10),
        Self::Speaker(100),
        Self::SpeakerWithKernel,
    ];

    /// The stage for a table of `routes` routes.
    pub(crate) fn prepare(self, routes: usize) -> Run {
        let groups = table(routes, 0);
        match self {
            Self::Decode => decoding(&groups),
            Self::Encode => encoding(groups),
            Self::InternNew => interning(empty(), groups),
            Self::InternKnown => {
                let mut rib = empty();
                let known = interned(&mut rib, groups.clone());
                let run = interning(rib, groups);
                Box::new(move || Box::new((run(), known)))
            }
            Self::Insert => {
                let mut rib = empty();
                let source = rib.add_source(source(0));
                announcing(rib, source, groups)
            }
            Self::Replace => {
                let mut rib = empty();
                let source = rib.add_source(source(0));
                let others = interned(&mut rib, table(routes, 1));
                announce(&mut rib, source, &others);
                announcing(rib, source, groups)
            }
            Self::Decide(feeds) => deciding(routes, 0, feeds),
            Self::Challenge(feeds) => deciding(routes, feeds, 1),
            Self::Policy => judging(groups),
            Self::Export(members) => exporting(groups, members),
            Self::Speaker(listeners) => speaking(&groups, Reflector::new(listeners, false)),
            Self::SpeakerWithKernel => speaking(&groups, Reflector::new(1, true)),
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decode => f.write_str("decode"),
            Self::Encode => f.write_str("encode"),
            Self::InternNew => f.write_str("intern-new"),
            Self::InternKnown => f.write_str("intern-known"),
            Self::Insert => f.write_str("insert"),
            Self::Replace => f.write_str("replace"),
            Self::Decide(paths) => write!(f, "decide-{paths}"),
            Self::Challenge(paths) => write!(f, "challenge-{paths}"),
            Self::Policy => f.write_str("policy"),
            Self::Export(members) => write!(f, "export-{members}"),
            Self::Speaker(listeners) => write!(f, "speaker-{listeners}"),
            Self::SpeakerWithKernel => f.write_str("speaker-kernel"),
        }
    }
}

fn decoding(groups: &[Group]) -> Run {
    let (octets, dialect) = (octets(groups), dialect());
    Box::new(move || {
        let mut rest = &octets[..];
        while let Some(length) = frame(rest, dialect.receive_limit).expect("a header") {
            let (message, others) = rest.split_at(length);
            drop(black_box(decode(message, &dialect)));
            rest = others;
        }
        Box::new(octets)
    })
}

fn encoding(groups: Vec<Group>) -> Run {
    let (mut out, dialect) = (BytesMut::with_capacity(octets(&groups).len()), dialect());
    Box::new(move || {
        groups.iter().for_each(|group| encode(group, &dialect, &mut out));
        Box::new((out, groups))
    })
}

fn interning(mut rib: Rib, groups: Vec<Group>) -> Run {
    let mut interned = Vec::with_capacity(groups.len());
    Box::new(move || {
        interned.extend(groups.into_iter().map(|group| rib.intern(&group.route)));
        Box::new((rib, interned))
    })
}

fn announcing(mut rib: Rib, source: SourceId, groups: Vec<Group>) -> Run {
    let groups = interned(&mut rib, groups);
    Box::new(move || {
        announce(&mut rib, source, &groups);
        Box::new((rib, groups))
    })
}

/// Decides what some feeds said, with or without what others said and was decided before.
fn deciding(routes: usize, before: u8, feeds: u8) -> Run {
    let mut rib = empty();
    for feed in 0..before + feeds {
        if feed == before {
            while rib.poll_change().is_some() {}
        }
        let source = rib.add_source(source(feed));
        let groups = interned(&mut rib, table(routes, feed));
        announce(&mut rib, source, &groups);
    }
    Box::new(move || {
        while let Some(change) = rib.poll_change() {
            black_box(change);
        }
        Box::new(rib)
    })
}

fn judging(groups: Vec<Group>) -> Run {
    let policies = policies();
    Box::new(move || {
        for Group { route, nlri } in &groups {
            for nlri in nlri {
                let prefix = nlri.prefix;
                let source = SourceKind::Bgp;
                let subject = Subject { prefix, route, source, peer: None, learned_from: None };
                drop(black_box(evaluate(&policies, &subject)));
            }
        }
        Box::new(groups)
    })
}

fn exporting(groups: Vec<Group>, members: u32) -> Run {
    let (mut rib, mut exporter) = (empty(), Exporter::default());
    for member in 1..=members {
        exporter.join(PeerId(member), Family::IPV4, &target(), &mut rib);
    }
    pull_all(&mut exporter, &mut rib);
    let source = rib.add_source(source(0));
    let groups = interned(&mut rib, groups);
    announce(&mut rib, source, &groups);
    let changes: Vec<Change> = std::iter::from_fn(|| rib.poll_change()).collect();
    Box::new(move || {
        changes.iter().for_each(|change| exporter.changed(change));
        pull_all(&mut exporter, &mut rib);
        Box::new((exporter, rib))
    })
}

fn speaking(groups: &[Group], mut reflector: Reflector) -> Run {
    let octets = octets(groups);
    Box::new(move || {
        reflector.feed(octets);
        assert!(reflector.sent > 0, "somebody listens");
        Box::new(reflector)
    })
}

fn pull_all(exporter: &mut Exporter, rib: &mut Rib) {
    while let Some(peer) = exporter.poll_ready() {
        while let Some(octets) = exporter.pull(peer, rib) {
            drop(black_box(octets));
        }
    }
}

/// A RIB in which every next hop counts as reachable.
fn empty() -> Rib {
    Rib::new(Settings { next_hops: NextHopMode::Assumed, ..Settings::default() }, 1)
}

fn interned(rib: &mut Rib, groups: Vec<Group>) -> Vec<(Arc<Interned>, Vec<Nlri>)> {
    groups.into_iter().map(|group| (rib.intern(&group.route), group.nlri)).collect()
}

fn announce(rib: &mut Rib, source: SourceId, groups: &[(Arc<Interned>, Vec<Nlri>)]) {
    for (route, nlri) in groups {
        rib.announce_all(source, nlri, route, &Ok(Arc::clone(route)), Instant::ZERO);
    }
}

/// The client of number `feed`.
fn source(feed: u8) -> Source {
    Source::Bgp(PeerSource {
        peer: PeerId(feed.into()),
        kind: PeerKind::Internal,
        asn: ASN,
        router_id: RouterId(address(feed)),
        address: address(feed).into(),
        client: true,
        cluster_id: OURS,
    })
}

/// Any client.
fn target() -> Target {
    Target {
        name: "client".into(),
        dialect: dialect(),
        local_asn: ASN,
        cluster_id: OURS,
        client: true,
        client_to_client: true,
        role: None,
        next_hop: NextHopRule::Auto,
        own: OwnAddresses { v4: Some(OURS.0), ..OwnAddresses::default() },
        shared_subnets: Vec::new(),
        export: None,
        add_path_send: AddPathSend::All,
        long_lived: false,
        leaving: false,
    }
}

const OURS: RouterId = RouterId(Ipv4Addr::new(192, 0, 2, 1));

/// Refuse what is private, mark what carries a community, pass the rest.
fn policies() -> Vec<Arc<Policy>> {
    let private = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16"];
    let private =
        private.map(|prefix| PrefixRange { min: 0, max: 32, prefix: prefix.parse().expect("a prefix") });
    let community: CommunityPattern = "64512:100-199".parse().expect("a pattern");
    let set = Set { local_preference: Some(200), ..Set::default() };
    let rule = |name: &str, condition, action| Rule {
        name: name.into(),
        place: "node.toml:1".into(),
        conditions: vec![condition],
        action,
    };
    let rules = vec![
        rule("private", Condition::Prefix(private.into_iter().collect()), Action::only(Disposition::Reject)),
        rule("long", Condition::AsPathLength { min: 50, max: u32::MAX }, Action::only(Disposition::Reject)),
        rule(
            "preferred",
            Condition::Community(vec![community]),
            Action { set, disposition: Disposition::Accept },
        ),
    ];
    vec![Arc::new(Policy {
        name: "import".into(),
        place: "bench:1".into(),
        rules,
        default: Disposition::Accept,
    })]
}
