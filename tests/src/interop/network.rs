//! Two ends and what is between them: one cable, or a row of routers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use rtnetlink::packet_route::route::RouteProtocol;

use super::End;
use crate::failure::Failure;
use crate::kernel::{Route, Way};
use crate::netns::Netns;

/// The ends' namespaces and those between them.
#[derive(Debug)]
pub struct Network {
    /// Where our end lives.
    pub ours: Netns,
    /// Where the other lives.
    pub theirs: Netns,
    /// The routers between.
    _between: Vec<Netns>,
}

/// Our end of every session.
pub fn ours(asn: u32) -> End {
    End {
        name: "ours",
        asn,
        v4: Ipv4Addr::new(192, 0, 2, 1),
        v6: Ipv6Addr::new(0x2001, 0xdb8, 0, 0xffff, 0, 0, 0, 1),
    }
}

/// The other end.
pub fn theirs(asn: u32) -> End {
    End {
        name: "theirs",
        asn,
        v4: Ipv4Addr::new(192, 0, 2, 2),
        v6: Ipv6Addr::new(0x2001, 0xdb8, 0, 0xffff, 0, 0, 0, 2),
    }
}

/// One cable between the two ends.
pub fn cable(ours: &End, theirs: &End) -> Result<Network, Failure> {
    let (near, far) = (quiet(ours.name)?, quiet(theirs.name)?);
    near.kernel(|kernel| kernel.add_pair("eth0", "eth0", &far))?;
    for (place, end) in [(&near, ours), (&far, theirs)] {
        place.kernel(|kernel| {
            kernel.up("eth0")?;
            kernel.add_address("eth0", IpNet::new_assert(end.v4.into(), 24), 0)?;
            kernel.add_address("eth0", IpNet::new_assert(end.v6.into(), 64), 0)
        })?;
    }
    Ok(Network { ours: near, theirs: far, _between: Vec::new() })
}

/// Two ends that are `hops` links apart, IPv4 only. Each end knows the way to the other.
pub fn row(ours: &End, theirs: &End, hops: u8) -> Result<Network, Failure> {
    let mut places = vec![quiet(ours.name)?];
    for number in 1..hops {
        let router = quiet(&format!("router{number}"))?;
        router.set("ipv4/ip_forward", "1")?;
        places.push(router);
    }
    places.push(quiet(theirs.name)?);
    for (number, pair) in places.windows(2).enumerate() {
        let [left, right] = pair else { continue };
        join(left, right, u8::try_from(number).unwrap_or(u8::MAX), ours.v4, theirs.v4)?;
    }
    let (first, last) = (places.remove(0), places.pop());
    let last = last.ok_or_else(|| Failure::new("lay a row of routers", "no hops"))?;
    for (place, end) in [(&first, ours), (&last, theirs)] {
        place.kernel(|kernel| kernel.add_address("lo", IpNet::new_assert(end.v4.into(), 32), 0))?;
    }
    Ok(Network { ours: first, theirs: last, _between: places })
}

/// A cable between two routers of the row, and the routes to both ends of the row over it.
fn join(left: &Netns, right: &Netns, number: u8, first: Ipv4Addr, last: Ipv4Addr) -> Result<(), Failure> {
    let address = |side: u8| Ipv4Addr::new(10, 255, number, side);
    let one_way = |to: Ipv4Addr, via: Ipv4Addr, device| Route {
        to: IpNet::from(IpAddr::from(to)),
        way: Way::Via(via.into(), device),
        protocol: RouteProtocol::Boot,
        metric: 0,
    };
    left.kernel(|kernel| {
        kernel.add_pair("right", "left", right)?;
        kernel.up("right")?;
        kernel.add_address("right", IpNet::new_assert(address(1).into(), 24), 0)
    })?;
    right.kernel(|kernel| {
        kernel.up("left")?;
        kernel.add_address("left", IpNet::new_assert(address(2).into(), 24), 0)?;
        kernel.add_route(&one_way(first, address(1), "left"))
    })?;
    left.kernel(|kernel| kernel.add_route(&one_way(last, address(2), "right")))
}

/// A namespace whose addresses are usable at once.
fn quiet(name: &str) -> Result<Netns, Failure> {
    let place = Netns::create(name)?;
    place.set("ipv6/conf/all/accept_dad", "0")?;
    place.set("ipv6/conf/default/accept_dad", "0")?;
    Ok(place)
}
