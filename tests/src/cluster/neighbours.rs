//! Who speaks with whom: every session of the cluster as each of its ends is told of it.

use std::net::{IpAddr, Ipv4Addr};

use super::topology::{Sessions, Setup};
use crate::kernel::Ip;

/// Where a speaker sits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seat {
    /// On a host, by its position.
    Host(usize),
    /// On a reflector, by its number.
    Reflector(usize),
}

/// The other end of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neighbour {
    /// Who it is; one name for both families.
    pub name: &'static str,
    /// What the session runs over, and whose routes it carries.
    pub ip: Ip,
    /// Its address.
    pub theirs: IpAddr,
    /// This end's address.
    pub ours: IpAddr,
    /// This end waits to be dialed.
    pub passive: bool,
    /// This end reflects for it.
    pub client: bool,
}

impl Setup {
    /// Every seat: hosts, then reflectors.
    pub fn seats(&self) -> impl Iterator<Item = Seat> + use<> {
        let reflectors = (0..self.reflectors().len()).map(Seat::Reflector);
        (0..self.hosts.len()).map(Seat::Host).chain(reflectors)
    }

    /// What the machine at a seat is called.
    pub fn name(&self, seat: Seat) -> &'static str {
        match seat {
            Seat::Host(which) => self.hosts[which].name,
            Seat::Reflector(number) => self.reflectors()[number].name,
        }
    }

    /// A seat's address of one family.
    pub fn address(&self, seat: Seat, ip: Ip) -> IpAddr {
        match seat {
            Seat::Host(which) => self.hosts[which].address(ip),
            Seat::Reflector(number) => self.reflectors()[number].address(ip),
        }
    }

    /// A seat's BGP Identifier.
    pub fn router_id(&self, seat: Seat) -> Ipv4Addr {
        match seat {
            Seat::Host(which) => self.hosts[which].v4,
            Seat::Reflector(number) => self.reflectors()[number].v4,
        }
    }

    /// A seat's sessions, both of a pair of ends side by side: one for each family.
    pub fn neighbours(&self, seat: Seat) -> Vec<Neighbour> {
        let others = self.seats().filter(|other| *other != seat && self.are_joined(seat, *other));
        others.flat_map(|other| Ip::BOTH.map(|ip| self.neighbour(seat, other, ip))).collect()
    }

    fn are_joined(&self, one: Seat, other: Seat) -> bool {
        match (self.sessions, one, other) {
            (Sessions::Mesh, Seat::Host(_), Seat::Host(_))
            | (Sessions::Reflectors(_), Seat::Host(_), Seat::Reflector(_))
            | (Sessions::Reflectors(_), Seat::Reflector(_), Seat::Host(_)) => true,
            (Sessions::Mesh | Sessions::Reflectors(_), _, _) => false,
        }
    }

    /// In a mesh the host whose address compares larger as text dials; with a reflector both ends do.
    fn neighbour(&self, own: Seat, other: Seat, ip: Ip) -> Neighbour {
        let (theirs, ours) = (self.address(other, ip), self.address(own, ip));
        Neighbour {
            name: self.name(other),
            ip,
            theirs,
            ours,
            passive: self.sessions == Sessions::Mesh && theirs.to_string() > ours.to_string(),
            client: matches!(own, Seat::Reflector(_)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_every_pair_of_a_mesh_exactly_one_dials() {
        let setup = Setup::documented();
        let dialing =
            |which| setup.neighbours(Seat::Host(which)).iter().filter(|neighbour| !neighbour.passive).count();
        assert_eq!((0..3).map(dialing).sum::<usize>(), 6, "three pairs in two families");
        assert_eq!(dialing(0), 0, "the smallest only listens");
    }

    #[test]
    fn every_host_has_every_reflector_and_no_other_host() {
        let setup = Setup { sessions: Sessions::Reflectors(2), ..Setup::documented() };
        let names: Vec<&str> =
            setup.neighbours(Seat::Host(1)).iter().map(|neighbour| neighbour.name).collect();
        assert_eq!(names, ["reflector", "reflector", "reflector2", "reflector2"]);
        assert_eq!(setup.neighbours(Seat::Reflector(1)).len(), 6);
    }
}
