//! Sets of hops that routes share, and the kernel's form of them: next-hop objects.
//!
//! A route that stands on an object names it by number instead of carrying hops; whoever replaces the object moves
//! every route on it. Numbers belong to the network namespace and are shared by everybody in it.

use crate::KernelHop;

/// Names a set of hops, as its owner numbered it: see [`Handle::want_set`](crate::Handle::want_set).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SetId(pub u32);

/// A next-hop object as the kernel holds it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KernelObject {
    /// Its number, unique in the network namespace.
    pub id: u32,
    /// Who wrote it, in the numbers of route protocols; 0 where nobody signed.
    pub protocol: u8,
    /// What it stands for.
    pub content: ObjectContent,
}

/// What a next-hop object stands for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ObjectContent {
    /// One way out. Its weight is 1: shares of the traffic are a group's affair.
    Hop(KernelHop),
    /// Several of those.
    Group(Vec<Member>),
    /// Something we never make: a blackhole, an encapsulation, a bridge's.
    Other,
}

/// One object of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Member {
    /// The number of the object.
    pub id: u32,
    /// Its share of the traffic, from 1 on.
    pub weight: u16,
}

/// One change of the namespace's next-hop objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObjectOperation {
    /// Make an object where the number is free; the kernel refuses if it is not.
    Create(KernelObject),
    /// Put this in the place of the object of the same number, which is ours.
    Replace(KernelObject),
    /// Remove the object, which is ours. The kernel removes the routes that stand on it.
    Remove(KernelObject),
}

impl ObjectOperation {
    /// The object written or removed.
    #[must_use]
    pub const fn object(&self) -> &KernelObject {
        match self {
            Self::Create(object) | Self::Replace(object) | Self::Remove(object) => object,
        }
    }
}

impl KernelObject {
    /// The members, none unless it is a group.
    #[must_use]
    pub fn members(&self) -> &[Member] {
        match &self.content {
            ObjectContent::Group(members) => members,
            ObjectContent::Hop(_) | ObjectContent::Other => &[],
        }
    }

    /// The way out, unless it is a group or something foreign.
    #[must_use]
    pub const fn hop(&self) -> Option<&KernelHop> {
        match &self.content {
            ObjectContent::Hop(hop) => Some(hop),
            ObjectContent::Group(_) | ObjectContent::Other => None,
        }
    }
}
