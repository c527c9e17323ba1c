//! A route collector on a blocking socket: listens, answers as an AS, prints what it is told.
//!
//! ```sh
//! cargo run -p bgp-core --example collector -- 127.0.0.1:1790 64512
//! ```
#![expect(clippy::disallowed_types, reason = "an example is the shell: sockets and clocks are its business")]

use std::error::Error;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::Duration;

use bgp_core::peer::PeerAsn;
use bgp_core::session::{Local, Session, Signal};
use bgp_core::wire::{Routes, Update};
use bgp_core::{Asn, Instant, RouterId};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:1790".to_owned());
    let asn: Asn = arguments.next().unwrap_or_else(|| "64512".to_owned()).parse()?;
    let listener = TcpListener::bind(&address)?;
    println!("AS {asn} listens on {address}");
    for stream in listener.incoming() {
        collect(stream?, asn)?;
    }
    Ok(())
}

/// One session, from its first octet to its last.
fn collect(mut stream: TcpStream, asn: Asn) -> Result<(), Box<dyn Error>> {
    let epoch = std::time::Instant::now();
    let now = || Instant::from_micros(epoch.elapsed().as_micros() as u64);
    let local = Local::new(asn, RouterId(Ipv4Addr::new(192, 0, 2, 1)), PeerAsn::Internal);
    let mut session = Session::new(local, now());
    let mut chunk = [0; 65536];
    loop {
        while let Some(octets) = session.poll_transmit() {
            stream.write_all(&octets)?;
        }
        while let Some(signal) = session.poll_signal() {
            if report(&signal).is_none() {
                return Ok(());
            }
        }
        let wait =
            session.poll_timeout().map_or(Duration::from_secs(60), |deadline| deadline.at.since(now()));
        stream.set_read_timeout(Some(wait.max(Duration::from_millis(1))))?;
        match stream.read(&mut chunk) {
            Ok(0) => session.lost(now()),
            Ok(length) => session.receive(&chunk[..length], now()),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) => return Err(error.into()),
        }
        session.handle_timeout(now());
    }
}

/// Prints a signal; `None` after the last one.
fn report(signal: &Signal) -> Option<()> {
    match signal {
        Signal::Opened(open) => println!("AS {} ({}) opens", open.asn, open.router_id),
        Signal::Established(negotiated) => println!("established, hold time {} s", negotiated.hold_time),
        Signal::Update(update) => print(update),
        Signal::Refresh(refresh) => println!("route refresh for {}", refresh.family),
        Signal::Down(down) => {
            println!("down: {down}");
            return None;
        }
    }
    Some(())
}

fn print(update: &Update) {
    let path =
        update.attributes.as_ref().map(|attributes| attributes.as_path.to_string()).unwrap_or_default();
    for nlri in &update.announced {
        println!("+ {} via {:?} path [{path}]", nlri.prefix, update.next_hop);
    }
    if let Some(reach) = &update.reach
        && let Routes::Unicast(routes) = &reach.routes
    {
        for nlri in routes {
            println!("+ {} via {:?} path [{path}]", nlri.prefix, reach.next_hop);
        }
    }
    for nlri in &update.withdrawn {
        println!("- {}", nlri.prefix);
    }
    if let Some(family) = update.end_of_rib() {
        println!("end of RIB, {family}");
    }
}
