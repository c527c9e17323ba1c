//! A route as the RIB keeps it: packed, equal ones once.
//!
//! What the decision process asks of every path stands in front, ready to read. The rest is octets, in a
//! form of our own: no session's, so that nothing is lost that some session would not carry. Whoever wants
//! more than the front unpacks a [`Route`].

use std::hash::{Hash, Hasher};
use std::net::IpAddr;
use std::sync::Arc;

use crate::rib::next_hop::tracked;
use crate::rib::packing::{self, Form, Reader};
use crate::rib::{Forwarding, KernelHint, Route};
use crate::wire::Origin;
use crate::{Asn, RouterId};

/// A route as the RIB keeps it. Equal routes of one [`Rib`](crate::rib::Rib) are one allocation, so
/// comparing pointers compares content.
#[derive(Debug, PartialEq, Eq)]
pub struct Interned {
    id: RouteId,
    head: Head,
    /// Everything the head does not hold, as [`packing`] orders it.
    octets: Box<[u8]>,
    local: Option<Box<Local>>,
}

// A set of attributes costs this, its octets, its place in the interner, and what the allocator and two
// counters add.
const _: () = assert!(size_of::<Interned>() <= 40);

/// Names a route for as long as its RIB keeps it: what paths and Adj-RIBs-Out hold, half as long as a pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RouteId(u32);

impl RouteId {
    pub(crate) const fn new(number: u32) -> Self {
        Self(number)
    }

    pub(crate) const fn number(self) -> u32 {
        self.0
    }
}

/// What is read without unpacking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// 0 where there is none.
    pub(super) local_preference: u32,
    /// 0 where there is none.
    pub(super) med: u32,
    pub(super) form: Form,
}

/// What only this machine says of a route, and of few.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Local {
    interface: Option<Arc<str>>,
    kernel: KernelHint,
}

/// A route about to be interned: its octets in a buffer that is used again and again.
#[derive(Debug)]
pub(super) struct Packed<'a> {
    head: Head,
    octets: &'a [u8],
    interface: &'a Option<Arc<str>>,
    kernel: &'a KernelHint,
}

impl<'a> Packed<'a> {
    /// Packs `route` into `buffer`, whatever was there.
    pub(super) fn of(route: &'a Route, buffer: &'a mut Vec<u8>) -> Self {
        let head = packing::pack(route, buffer);
        Self { head, octets: buffer, interface: &route.interface, kernel: &route.kernel }
    }

    /// Whether `interned` says the same.
    pub(super) fn is(&self, interned: &Interned) -> bool {
        self.head == interned.head
            && *self.octets == *interned.octets
            && match interned.local.as_deref() {
                None => !self.has_local(),
                Some(local) => local.interface == *self.interface && local.kernel == *self.kernel,
            }
    }

    fn has_local(&self) -> bool {
        self.interface.is_some() || *self.kernel != KernelHint::default()
    }

    /// To be kept as `id`.
    pub(super) fn keep(self, id: RouteId) -> Interned {
        let local = || Box::new(Local { interface: self.interface.clone(), kernel: self.kernel.clone() });
        Interned { id, head: self.head, octets: self.octets.into(), local: self.has_local().then(local) }
    }
}

impl Hash for Packed<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Head { local_preference, med, form } = self.head;
        state.write_u64(u64::from(local_preference) << 32 | u64::from(med));
        state.write_u32(form.bits());
        state.write(self.octets);
        if self.has_local() {
            self.interface.hash(state);
            self.kernel.hash(state);
        }
    }
}

impl Interned {
    /// Its name, good for as long as it is kept.
    pub(crate) const fn id(&self) -> RouteId {
        self.id
    }

    /// About how many octets it takes.
    pub(super) const fn octets(&self) -> usize {
        size_of::<Self>() + self.octets.len()
    }

    /// The route, to be read or changed in full.
    #[must_use]
    pub fn route(&self) -> Route {
        let (attributes, forwarding) = packing::unpack(&self.head, &self.octets);
        let local = self.local.as_deref();
        Route {
            attributes,
            forwarding,
            interface: local.and_then(|local| local.interface.clone()),
            kernel: local.map(|local| local.kernel.clone()).unwrap_or_default(),
        }
    }

    /// Where packets go.
    #[must_use]
    pub fn forwarding(&self) -> Forwarding {
        Reader::new(self.head.form, &self.octets).forwarding()
    }

    /// LOCAL_PREF.
    #[must_use]
    pub fn local_preference(&self) -> Option<u32> {
        self.head.form.has(Form::LOCAL_PREFERENCE).then_some(self.head.local_preference)
    }

    /// MULTI_EXIT_DISC.
    #[must_use]
    pub fn med(&self) -> Option<u32> {
        self.head.form.has(Form::MED).then_some(self.head.med)
    }

    /// ORIGIN.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.head.form.origin()
    }

    /// The length of AS_PATH that the decision process compares.
    #[must_use]
    pub fn as_path_length(&self) -> u32 {
        self.head.form.as_path_length().unwrap_or_else(|| self.route().attributes.as_path.length())
    }

    /// The neighbouring AS that MEDs are compared within.
    #[must_use]
    pub fn neighbor_asn(&self) -> Option<Asn> {
        packing::neighbour(self.head.form, &self.octets)
    }

    /// Whether LLGR_STALE is among its communities ([RFC 9494 §4.6]).
    ///
    /// [RFC 9494 §4.6]: https://www.rfc-editor.org/rfc/rfc9494#section-4.6
    #[must_use]
    pub fn is_long_lived_stale(&self) -> bool {
        self.head.form.has(Form::LONG_LIVED_STALE)
    }

    /// ORIGINATOR_ID.
    #[must_use]
    pub fn originator_id(&self) -> Option<RouterId> {
        if !self.head.form.has(Form::ORIGINATOR_ID) {
            return None;
        }
        self.reflection().originator_id()
    }

    /// The cluster that it went through last: the first of CLUSTER_LIST.
    #[must_use]
    pub fn nearest_cluster(&self) -> Option<RouterId> {
        let mut reader = self.reflection();
        reader.originator_id();
        reader.nearest_cluster()
    }

    /// The length of CLUSTER_LIST.
    #[must_use]
    pub fn cluster_list_length(&self) -> usize {
        let mut reader = self.reflection();
        reader.originator_id();
        reader.cluster_list_length()
    }

    /// The address that has to be watched for packets of this route to find their way; `None` where nothing
    /// has to be.
    pub(crate) fn tracked(&self) -> Option<IpAddr> {
        match self.forwarding() {
            Forwarding::Via(next_hop) => tracked(&next_hop, self.has_interface()),
            Forwarding::Device
            | Forwarding::Blackhole
            | Forwarding::Unreachable
            | Forwarding::Prohibit
            | Forwarding::Nowhere => None,
        }
    }

    fn has_interface(&self) -> bool {
        self.local.as_deref().is_some_and(|local| local.interface.is_some())
    }

    /// Reads from behind the next hop on.
    fn reflection(&self) -> Reader<'_> {
        let mut reader = Reader::new(self.head.form, &self.octets);
        reader.forwarding();
        reader
    }
}
