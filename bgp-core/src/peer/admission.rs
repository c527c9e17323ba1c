//! A connection came up: is it let in, and what does our side of it say?

use std::sync::Arc;

use super::collision::{Arrival, Dialer, arrive};
use super::connection::{Connection, Ends};
use super::state::State;
use crate::peer::{Peer, PeerOutput};
use crate::session::{Local, Session};
use crate::speaker::ConnId;
use crate::wire::{Cease, Notification};
use crate::{Family, Instant};

impl Peer {
    /// Turns a connection away, or opens a session on it.
    pub(super) fn admit(&mut self, conn: ConnId, dialer: Dialer, ends: Ends, now: Instant) {
        let arrivals: Vec<(ConnId, Arrival)> =
            self.live().map(|rival| (rival.conn, arrive_beside(rival, dialer))).collect();
        let refusal = match (&self.state, arrivals.as_slice()) {
            (State::Idle(_), _) => Some(Cease::ConnectionRejected),
            (_, [] | [(_, Arrival::Replace | Arrival::Contend | Arrival::Supersede)]) => None,
            (_, [(_, Arrival::Supersede), (_, Arrival::Replace)]) => None,
            (_, [(_, Arrival::Refuse)] | [_, _, ..]) => Some(Cease::ConnectionCollision),
        };
        let local = self.local();
        if let Some(cease) = refusal {
            let farewell = Session::refused(local, Notification::cease(cease), now);
            self.turn_away(Connection::turned_away(conn, dialer, ends, farewell));
            return;
        }
        self.connections.push(Connection::open(conn, dialer, ends, local, now));
        for (rival, arrival) in arrivals {
            match arrival {
                Arrival::Refuse | Arrival::Supersede => {}
                Arrival::Replace => self.dismiss(rival, now),
                Arrival::Contend => self.live().for_each(|connection| connection.session.withhold(now)),
            }
        }
        self.report(now);
    }

    fn turn_away(&mut self, connection: Connection) {
        let conn = connection.conn;
        self.connections.push(connection);
        self.outputs.push_back(PeerOutput::Ready { conn });
        self.outputs.push_back(PeerOutput::Close { conn });
    }

    /// Our side of a new session.
    fn local(&mut self) -> Local {
        let config = &self.config;
        let over_ipv6 = config.remote.is_ipv6() && config.families.contains(&Family::IPV4);
        Local {
            peer: Arc::clone(&config.name),
            families: config.families.clone(),
            add_path: config.add_path,
            extended_next_hop: if over_ipv6 { vec![Family::IPV4] } else { Vec::new() },
            hold_time: u16::try_from(config.hold_time.as_secs()).unwrap_or(u16::MAX),
            send_hold_time: config.send_hold_time,
            role: config.role,
            graceful_restart: self.graceful.clone().filter(|_| config.graceful_restart),
            delay_open: self.delay_open,
            seed: self.backoff.seed(),
            ..Local::new(config.local_asn, config.router_id, config.asn)
        }
    }
}

/// Judges a connection that comes up beside `rival`.
fn arrive_beside(rival: &Connection, dialer: Dialer) -> Arrival {
    match dialer {
        Dialer::They if rival.outlives_restart() => Arrival::Supersede,
        Dialer::They | Dialer::We => arrive(rival.state(), rival.dialer, dialer),
    }
}
