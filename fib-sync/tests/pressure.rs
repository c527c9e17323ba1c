//! Back-pressure: whoever wishes faster than the kernel writes has to wait, and loses nothing.

#[allow(dead_code, reason = "each test binary uses its part")]
mod namespace;

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use fib_sync::Route;
use namespace::{config, in_namespace, quiet, started};

#[test]
fn a_wish_waits_while_too_many_are_on_their_way() {
    in_namespace("a_wish_waits_while_too_many_are_on_their_way", || async {
        let (handle, _events, _) = started(config()).await;
        let prefix = |nth: u16| {
            let [high, low] = nth.to_be_bytes();
            format!("10.200.{high}.{low}/32").parse().expect("a prefix")
        };
        // The runtime has one thread and it is this one: nobody takes wishes away until we wait.
        let mut context = Context::from_waker(Waker::noop());
        let taken = (0..u16::MAX)
            .take_while(|nth| {
                let wish = pin!(handle.want(prefix(*nth), Some(Route::blackhole())));
                wish.poll(&mut context) == Poll::Ready(Ok(()))
            })
            .count();
        assert!((1..10_000).contains(&taken), "{taken} wishes without waiting");
        handle.want("10.201.0.0/32".parse().expect("a prefix"), Some(Route::blackhole())).await.unwrap();
        let snapshot = quiet(&handle).await;
        assert_eq!(snapshot.routes.len(), taken + 1);
    });
}
