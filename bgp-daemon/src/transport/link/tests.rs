use std::io::Read;
use std::net::{Ipv4Addr, TcpListener as StdListener, TcpStream as StdStream};
use std::thread;

use super::*;
use crate::clock::Clock;
use crate::driver::Driver;

/// A connection on the loopback device, as the driver has it, and its far end, which blocks.
async fn connected() -> (Link, StdStream) {
    let listener = StdListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = listener.local_addr().expect("an address");
    let stream = TcpStream::connect(address).await.expect("a connection");
    let (far, _) = listener.accept().expect("its far end");
    far.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
    let (inbox, _driver) = Driver::new(Clock::start());
    stream.writable().await.expect("room in a new socket");
    let (link, carrier) = Link::new(ConnId(1), stream, inbox);
    tokio::spawn(carrier.run());
    (link, far)
}

/// Messages of many sizes, told apart by their octets.
fn message(number: usize) -> Bytes {
    let length = 1 + number * 7919 % 40_000;
    (0..length).map(|place| (number + place) as u8).collect::<Vec<u8>>().into()
}

#[tokio::test]
async fn what_is_short_is_written_before_send_returns() {
    let (mut link, mut far) = connected().await;
    // No task runs between these lines: there is one thread, and nothing is awaited.
    link.send(vec![Bytes::from_static(b"one"), Bytes::from_static(b"two")]);
    let mut octets = [0; 6];
    far.read_exact(&mut octets).expect("both messages");
    assert_eq!(&octets, b"onetwo");
    assert_eq!(link.room(), WINDOW);
}

#[tokio::test]
async fn octets_keep_their_order_however_full_the_socket_is() {
    let (mut link, mut far) = connected().await;
    let expected: Vec<u8> = (0..2000).flat_map(message).collect();
    let mut number = 0;
    let mut hand_over = async || {
        while number < 2000 {
            while link.room() == 0 {
                link.wait().await;
            }
            let count = link.room().min(1 + number % 5).min(2000 - number);
            link.send((number..number + count).map(message).collect());
            number += count;
        }
    };
    // Nobody reads until the writer has no room for more either.
    assert!(timeout(Duration::from_millis(200), hand_over()).await.is_err(), "the socket takes everything");
    let whole = expected.len();
    let reading = thread::spawn(move || {
        let mut octets = vec![0; whole];
        far.read_exact(&mut octets).map(|()| octets)
    });
    hand_over().await;
    let heard = tokio::task::spawn_blocking(|| reading.join()).await.expect("a thread");
    assert!(heard.expect("it reads").expect("all octets") == expected, "octets out of order");
}

#[tokio::test]
async fn a_farewell_comes_after_what_was_left() {
    let (mut link, mut far) = connected().await;
    link.send((0..WINDOW).map(message).collect());
    link.close(vec![Bytes::from_static(b"goodbye")]);
    let reading = tokio::task::spawn_blocking(move || {
        let mut octets = Vec::new();
        far.read_to_end(&mut octets).map(|_| octets)
    });
    let mut expected: Vec<u8> = (0..WINDOW).flat_map(message).collect();
    expected.extend(b"goodbye");
    assert!(reading.await.expect("a thread").expect("all octets") == expected, "octets lost or out of order");
}
