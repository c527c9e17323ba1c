//! What the RIB takes of memory, by what it keeps: from the sizes of its tables, in a time that
//! grows with the number of next hops and with nothing else.

use crate::rib::Rib;
use crate::rib::tables::TableId;

/// About how many octets the RIB takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Prefixes, with what finds them and what was decided of them.
    pub prefixes: usize,
    /// Paths: who said which route of which prefix, and which of them stand behind a next hop.
    pub paths: usize,
    /// Routes, equal ones kept once.
    pub routes: usize,
}

impl Rib {
    /// What it takes of memory.
    #[must_use]
    pub fn memory(&self) -> Memory {
        let tables = TableId::ALL.map(|table| &self.tables[table]);
        Memory {
            prefixes: tables.iter().map(|table| table.octets_of_nets()).sum(),
            paths: tables.iter().map(|table| table.octets_of_paths()).sum::<usize>()
                + self.next_hops.octets(),
            routes: self.interner.octets(),
        }
    }
}
