//! What a route costs in memory, counted by the allocator; and what clients of a reflector do.

#[path = "rib_memory/clients.rs"]
mod clients;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use bgp_core::rib::{Forwarding, KernelHint, Memory, NextHopMode, PeerSource, Rib, Route, Settings, Source};
use bgp_core::speaker::PeerId;
use bgp_core::wire::{Attributes, NextHop, Nlri, PathId, PeerKind};
use bgp_core::{Asn, Instant, RouterId};
use ipnet::IpNet;

const ROUTES: u32 = 100_000;

/// Allocations and octets in use, of this thread.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    allocations: u64,
    octets: usize,
}

thread_local! {
    static TALLY: Cell<Tally> = const { Cell::new(Tally { allocations: 0, octets: 0 }) };
}

struct Counting;

fn note(allocations: u64, grown: usize, shrunk: usize) {
    // A thread that is being torn down has no tally any more, and nobody asks for it.
    let _ = TALLY.try_with(|cell| {
        let tally = cell.get();
        let octets = tally.octets.wrapping_add(grown).wrapping_sub(shrunk);
        cell.set(Tally { allocations: tally.allocations + allocations, octets });
    });
}

#[expect(
    unsafe_code,
    reason = "an allocator can be counted in no other way; it hands on every call as it came"
)]
// SAFETY: every method hands its arguments to the system's allocator and returns its answer.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(1, layout.size(), 0);
        // SAFETY: the caller's promise, passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        note(0, 0, layout.size());
        // SAFETY: the caller's promise, passed on.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note(1, size, layout.size());
        // SAFETY: the caller's promise, passed on.
        unsafe { System.realloc(memory, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn source(n: u8) -> Source {
    let address = Ipv4Addr::new(10, 0, 0, n);
    Source::Bgp(PeerSource {
        peer: PeerId(n.into()),
        kind: PeerKind::Internal,
        asn: Asn(64512),
        router_id: RouterId(address),
        address: IpAddr::V4(address),
        client: true,
        cluster_id: RouterId(Ipv4Addr::LOCALHOST),
    })
}

fn route() -> Route {
    Route {
        attributes: Attributes::default(),
        forwarding: Forwarding::Via(NextHop::V4(Ipv4Addr::LOCALHOST)),
        interface: None,
        kernel: KernelHint::default(),
    }
}

fn nlri(n: u32) -> Nlri {
    let address = IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 | n << 4));
    Nlri { path_id: PathId(0), prefix: IpNet::new(address, 28).expect("28 is a length") }
}

/// Announces [`ROUTES`] routes that share their attributes; what that cost.
fn announce_all(rib: &mut Rib, from: Source) -> Tally {
    let source = rib.add_source(from);
    let before = TALLY.get();
    for n in 0..ROUTES {
        let route = rib.intern(&route());
        rib.announce(source, nlri(n), Arc::clone(&route), Ok(route), Instant::ZERO);
    }
    let after = TALLY.get();
    Tally { allocations: after.allocations - before.allocations, octets: after.octets - before.octets }
}

/// What a prefix with its first path costs, and each further path of it, where next hops count as told.
fn costs(next_hops: NextHopMode) -> (usize, usize) {
    let mut rib = Rib::new(Settings { next_hops, ..Settings::default() }, 1);
    let first = announce_all(&mut rib, source(1));
    let others: Vec<Tally> = (2..=8).map(|n| announce_all(&mut rib, source(n))).collect();
    let later = others.iter().map(|tally| tally.octets).sum::<usize>() / others.len();
    let (per_prefix, per_path) = (first.octets / ROUTES as usize, later / ROUTES as usize);
    println!(
        "{next_hops:?}: {per_prefix} octets for a prefix with its first path, {per_path} for each further"
    );
    (per_prefix, per_path)
}

#[test]
fn a_route_with_known_attributes_costs_no_allocation() {
    let mut rib = Rib::new(Settings::default(), 1);
    let first = announce_all(&mut rib, source(1));
    // Three lists that double, an index that grows by half, and a page for every 1024 of four more.
    assert!(first.allocations <= 3 * 17 + 30 + 4 * (ROUTES as u64 / 1024 + 30), "{first:?}");
}

/// What the RIB says it takes is what it asked the allocator for, give or take a tenth: what is small beside the rest is
/// left out.
#[test]
fn it_knows_what_it_takes() {
    let mut rib = Rib::new(Settings::default(), 1);
    assert_eq!(rib.memory(), Memory::default());
    let before = TALLY.get().octets;
    for n in 1..=4 {
        announce_all(&mut rib, source(n));
    }
    // What another thread allocated and this one freed has brought the tally below zero.
    let taken = TALLY.get().octets.wrapping_sub(before);
    let Memory { prefixes, paths, routes } = rib.memory();
    let said = prefixes + paths + routes;
    assert!(said.abs_diff(taken) <= taken / 10, "{said} octets and not {taken}: {:?}", rib.memory());
}

#[test]
fn another_path_of_a_known_prefix_costs_little_more_than_itself() {
    // 20 for the path, 1 for the page it is in; 17 for the prefix, 10 to 15 to find it. Waiting to be decided costs
    // nothing, for neighbours by number wait as one.
    let (per_prefix, per_path) = costs(NextHopMode::Assumed);
    assert!(per_path <= 22, "{per_path} octets a path");
    assert!(per_prefix <= 58, "{per_prefix} octets a prefix");
    // 4 and 4 to find the path behind its next hop and the way back, and the room of doubled lists.
    let (per_prefix, per_path) = costs(NextHopMode::Tracked);
    assert!(per_path <= 32, "{per_path} octets a path");
    assert!(per_prefix <= 70, "{per_prefix} octets a prefix");
}
