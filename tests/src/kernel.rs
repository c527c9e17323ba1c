//! A namespace's kernel, spoken to over rtnetlink: links, addresses, routes.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::{AsFd, AsRawFd};

use futures_util::TryStreamExt;
use ipnet::IpNet;
use rtnetlink::packet_route::address::{AddressAttribute, AddressHeaderFlags, AddressMessage};
use rtnetlink::packet_route::link::{InfoData, InfoKind, InfoVeth, LinkAttribute, LinkMessage};
use rtnetlink::packet_route::route::{
    RouteAttribute, RouteFlags, RouteHeader, RouteMessage, RouteProtocol, RouteScope, RouteType,
};
use rtnetlink::{Handle, LinkBridge, LinkMessageBuilder, LinkUnspec, LinkVeth, RouteMessageBuilder};
use tokio::runtime::{Builder, Runtime};

use crate::failure::{Doing, Failure};
use crate::route_text;

/// A connection to the kernel of the namespace it was opened in.
#[derive(Debug)]
pub struct Kernel {
    runtime: Runtime,
    handle: Handle,
}

/// A version of IP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ip {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Ip {
    /// Both versions.
    pub const BOTH: [Self; 2] = [Self::V4, Self::V6];

    /// `ipv4` or `ipv6`.
    pub fn name(self) -> &'static str {
        match self {
            Self::V4 => "ipv4",
            Self::V6 => "ipv6",
        }
    }

    /// The version a prefix is of.
    pub fn of(prefix: &IpNet) -> Self {
        match prefix {
            IpNet::V4(_) => Self::V4,
            IpNet::V6(_) => Self::V6,
        }
    }
}

/// A route to be installed in the main table.
#[derive(Clone, Debug)]
pub struct Route {
    /// Where to.
    pub to: IpNet,
    /// How it gets there.
    pub way: Way,
    /// Who is said to have installed it.
    pub protocol: RouteProtocol,
    /// The metric; 0 is the kernel's choice.
    pub metric: u32,
}

/// What a route does with its packets; devices go by name.
#[derive(Clone, Debug)]
pub enum Way {
    /// The destination is on this device's link.
    OnLink(&'static str),
    /// To a gateway, through a device.
    Via(IpAddr, &'static str),
    /// To a gateway that is taken to be on the device's link, whatever its address.
    Through(IpAddr, &'static str),
    /// Nowhere.
    Blackhole,
}

impl Kernel {
    /// Connects to the kernel of the calling thread's namespace.
    pub fn connect() -> Result<Self, Failure> {
        let runtime = Builder::new_current_thread().enable_all().build().doing("start a runtime")?;
        let (connection, handle, _) =
            runtime.block_on(async { rtnetlink::new_connection() }).doing("open a netlink socket")?;
        runtime.spawn(connection);
        Ok(Self { runtime, handle })
    }

    /// The number of a device.
    pub fn index(&self, device: &str) -> Result<u32, Failure> {
        let mut found = self.handle.link().get().match_name(device.to_owned()).execute();
        let link = self.runtime.block_on(found.try_next()).doing_with(|| format!("look up {device}"))?;
        link.map(|link| link.header.index).ok_or_else(|| Failure::new(format!("look up {device}"), "no link"))
    }

    /// Adds a bridge and sets it up.
    pub fn add_bridge(&self, name: &str) -> Result<(), Failure> {
        self.add_link(LinkBridge::new(name).up().build(), name)
    }

    /// Adds a pair of joined Ethernet devices: `here` in this namespace, `there` in another.
    pub fn add_pair(&self, here: &str, there: &str, other: impl AsFd) -> Result<(), Failure> {
        let far = LinkUnspec::new_with_name(there).setns_by_fd(other.as_fd().as_raw_fd()).build();
        let near = LinkMessageBuilder::<LinkVeth>::new_with_info_kind(InfoKind::Veth).name(here);
        self.add_link(near.set_info_data(InfoData::Veth(InfoVeth::Peer(far))).build(), here)
    }

    /// Adds an IP-in-IP tunnel device, which not every kernel can.
    pub fn add_ipip(&self, name: &str) -> Result<(), Failure> {
        let link = LinkMessageBuilder::<LinkUnspec>::new_with_info_kind(InfoKind::IpIp).name(name);
        self.add_link(link.up().build(), name)
    }

    /// Makes `device` a port of `bridge`.
    pub fn enslave(&self, device: &str, bridge: &str) -> Result<(), Failure> {
        let controller = self.index(bridge)?;
        self.change_link(device, |link| link.controller(controller))
    }

    /// Sets the hardware address.
    pub fn set_mac(&self, device: &str, mac: [u8; 6]) -> Result<(), Failure> {
        self.change_link(device, |link| link.address(mac.to_vec()))
    }

    /// Sets a device up.
    pub fn up(&self, device: &str) -> Result<(), Failure> {
        self.change_link(device, LinkMessageBuilder::up)
    }

    /// Sets a device down.
    pub fn down(&self, device: &str) -> Result<(), Failure> {
        self.change_link(device, LinkMessageBuilder::down)
    }

    /// Removes a device, and with it the other end where it is one of a pair.
    pub fn delete_link(&self, device: &str) -> Result<(), Failure> {
        let index = self.index(device)?;
        self.runtime
            .block_on(self.handle.link().del(index).execute())
            .doing_with(|| format!("delete the link {device}"))
    }

    /// Gives a device an address, usable at once, its connected route having the metric (0: the default).
    pub fn add_address(&self, device: &str, address: IpNet, metric: u32) -> Result<(), Failure> {
        let index = self.index(device)?;
        let mut request = self.handle.address().add(index, address.addr(), address.prefix_len());
        let message: &mut AddressMessage = request.message_mut();
        message.header.flags |= AddressHeaderFlags::Nodad;
        if metric != 0 {
            message.attributes.push(AddressAttribute::RoutePriority(metric));
        }
        self.runtime.block_on(request.execute()).doing_with(|| format!("add {address} to {device}"))
    }

    /// Adds a route to the main table.
    pub fn add_route(&self, route: &Route) -> Result<(), Failure> {
        let message = self.route_message(route)?;
        self.runtime
            .block_on(self.handle.route().add(message).execute())
            .doing_with(|| format!("add a route to {}", route.to))
    }

    /// Deletes a route from the main table.
    pub fn delete_route(&self, route: &Route) -> Result<(), Failure> {
        let message = self.route_message(route)?;
        self.runtime
            .block_on(self.handle.route().del(message).execute())
            .doing_with(|| format!("delete the route to {}", route.to))
    }

    /// The main table, one line a route, as `ip route` and `ip -6 route` write it.
    pub fn routes(&self, ip: Ip) -> Result<Vec<String>, Failure> {
        let names = self.link_names()?;
        let request = match ip {
            Ip::V4 => RouteMessageBuilder::<Ipv4Addr>::new().build(),
            Ip::V6 => RouteMessageBuilder::<Ipv6Addr>::new().build(),
        };
        let dump = self.handle.route().get(request).execute().try_collect::<Vec<_>>();
        let routes = self.runtime.block_on(dump).doing("read the routing table")?;
        let shown = routes.iter().filter(|route| is_main(route));
        Ok(shown.flat_map(|route| route_text::lines(route, &names)).collect())
    }

    fn route_message(&self, route: &Route) -> Result<RouteMessage, Failure> {
        let mut builder = RouteMessageBuilder::<IpAddr>::new()
            .destination_prefix(route.to.network(), route.to.prefix_len())
            .doing("name a destination")?
            .protocol(route.protocol)
            .scope(RouteScope::Universe);
        if route.metric != 0 {
            builder = builder.priority(route.metric);
        }
        builder = match route.way {
            Way::Blackhole => builder.kind(RouteType::BlackHole),
            Way::OnLink(device) => {
                let scope = if route.to.addr().is_ipv4() { RouteScope::Link } else { RouteScope::Universe };
                builder.output_interface(self.index(device)?).scope(scope)
            }
            Way::Via(gateway, device) => {
                builder.output_interface(self.index(device)?).gateway(gateway).doing("name a gateway")?
            }
            Way::Through(gateway, device) => {
                let builder = builder.output_interface(self.index(device)?).onlink();
                builder.gateway(gateway).doing("name a gateway")?
            }
        };
        Ok(builder.build())
    }

    fn link_names(&self) -> Result<BTreeMap<u32, String>, Failure> {
        let links = self.handle.link().get().execute().try_collect::<Vec<LinkMessage>>();
        let links = self.runtime.block_on(links).doing("list the links")?;
        let named = links.iter().filter_map(|link| Some((link.header.index, link_name(link)?)));
        Ok(named.collect())
    }

    fn add_link(&self, message: LinkMessage, name: &str) -> Result<(), Failure> {
        self.runtime
            .block_on(self.handle.link().add(message).execute())
            .doing_with(|| format!("add the link {name}"))
    }

    fn change_link(
        &self,
        device: &str,
        change: impl FnOnce(LinkMessageBuilder<LinkUnspec>) -> LinkMessageBuilder<LinkUnspec>,
    ) -> Result<(), Failure> {
        let message = change(LinkUnspec::new_with_index(self.index(device)?)).build();
        self.runtime
            .block_on(self.handle.link().set(message).execute())
            .doing_with(|| format!("change the link {device}"))
    }
}

fn link_name(link: &LinkMessage) -> Option<String> {
    link.attributes.iter().find_map(|attribute| match attribute {
        LinkAttribute::IfName(name) => Some(name.clone()),
        _ => None,
    })
}

fn is_main(route: &RouteMessage) -> bool {
    let table = route.attributes.iter().find_map(|attribute| match attribute {
        RouteAttribute::Table(table) => Some(*table),
        _ => None,
    });
    let main = u32::from(RouteHeader::RT_TABLE_MAIN);
    table.is_none_or(|table| table == main) && !route.header.flags.contains(RouteFlags::Cloned)
}
