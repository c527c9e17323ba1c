//! Back-pressure: whoever wishes faster than the kernel writes has to wait, and loses nothing.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use crate::namespace::{config, in_namespace, ip_batch, quiet, started};
use fib_sync::{Gauges, Route};
use ipnet::IpNet;

#[test]
fn a_wish_waits_while_too_many_are_on_their_way() {
    in_namespace(|| async {
        let (handle, _events, _) = started(config()).await;
        // The runtime has one thread and it is this one: nobody takes wishes away until we wait.
        let mut context = Context::from_waker(Waker::noop());
        let taken = (0..u16::MAX)
            .take_while(|nth| {
                let wish = pin!(handle.want(host(*nth), Some(Route::blackhole())));
                wish.poll(&mut context) == Poll::Ready(Ok(()))
            })
            .count();
        assert!((1..10_000).contains(&taken), "{taken} wishes without waiting");
        handle.want("10.201.0.0/32".parse().expect("a prefix"), Some(Route::blackhole())).await.unwrap();
        let snapshot = quiet(&handle).await;
        assert_eq!(snapshot.routes.len(), taken + 1);
    });
}

#[test]
fn an_answer_knows_every_wish_sent_before_the_question() {
    in_namespace(|| async {
        // Nothing is written before the first view is there, and this one takes a while.
        let foreign = |nth: u16| format!("route add blackhole 10.100.{}.{}/32\n", nth >> 8, nth & 255);
        ip_batch(&(0..50_000).map(foreign).collect::<String>());
        let (handle, _events) = fib_sync::start(config()).expect("a netlink socket");
        let mut context = Context::from_waker(Waker::noop());
        let mut wished = 0_u16;
        while wished < 20_000 {
            while pin!(handle.want(host(wished), Some(Route::blackhole()))).poll(&mut context).is_ready() {
                wished += 1;
            }
            let metrics = handle.metrics().await.unwrap();
            let Gauges { installed, pending, .. } = metrics.gauges;
            assert_eq!(installed + pending, usize::from(wished), "{metrics:?}");
        }
    });
}

fn host(nth: u16) -> IpNet {
    let [high, low] = nth.to_be_bytes();
    format!("10.200.{high}.{low}/32").parse().expect("a prefix")
}
