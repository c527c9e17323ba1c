//! The text format of Prometheus, version 0.0.4: what a metric is, once, and then its series.

use std::fmt::{Display, Write as _};

use super::table::Metric;

/// A page of metrics that is being written.
#[derive(Debug, Default)]
pub(super) struct Page {
    text: String,
    /// The metric whose series are being written.
    of: &'static str,
}

impl Page {
    /// One series of a metric; `labels` are the values, in the order of the table. Series of one metric follow each
    /// other.
    pub(super) fn tell(&mut self, metric: &Metric, labels: &[&str], value: impl Display) {
        self.head(metric);
        self.series(metric.name, "", &pairs(metric.labels, labels), value);
    }

    /// What is true or not.
    pub(super) fn tell_if(&mut self, metric: &Metric, labels: &[&str], holds: bool) {
        self.tell(metric, labels, u8::from(holds));
    }

    /// A histogram: counts between bounds, the last one without an end, and the sum of all values.
    pub(super) fn histogram(
        &mut self,
        metric: &Metric,
        labels: &[&str],
        buckets: impl Iterator<Item = (Option<f64>, u64)>,
        sum: f64,
    ) {
        self.head(metric);
        let mut below = 0;
        for (bound, count) in buckets {
            below += count;
            let bound = bound.map_or_else(|| "+Inf".to_owned(), |bound| bound.to_string());
            let bounded = pairs(&[metric.labels, &["le"]].concat(), &[labels, &[&bound]].concat());
            self.series(metric.name, "_bucket", &bounded, below);
        }
        let labels = pairs(metric.labels, labels);
        self.series(metric.name, "_sum", &labels, sum);
        self.series(metric.name, "_count", &labels, below);
    }

    /// The page.
    pub(super) fn finish(self) -> String {
        self.text
    }

    fn head(&mut self, metric: &Metric) {
        if self.of != metric.name {
            self.of = metric.name;
            let Metric { name, kind, help, .. } = metric;
            let help = help.replace('\\', "\\\\");
            let _ = write!(self.text, "# HELP {name} {help}\n# TYPE {name} {}\n", kind.as_str());
        }
    }

    fn series(&mut self, name: &str, suffix: &str, labels: &str, value: impl Display) {
        let _ = writeln!(self.text, "{name}{suffix}{labels} {value}");
    }
}

/// Labels with their values, in braces; nothing where there are none.
fn pairs(names: &[&str], values: &[&str]) -> String {
    debug_assert_eq!(names.len(), values.len());
    if names.is_empty() {
        return String::new();
    }
    let pairs: Vec<String> =
        names.iter().zip(values).map(|(name, value)| format!("{name}=\"{}\"", escape(value))).collect();
    format!("{{{}}}", pairs.join(","))
}

fn escape(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::metrics::table::Kind;

    const UP: Metric = Metric { name: "up", kind: Kind::Gauge, labels: &["peer"], help: "Up." };

    #[test]
    fn a_metric_is_described_once_and_labels_cannot_break_out() {
        let mut page = Page::default();
        page.tell_if(&UP, &["a"], true);
        page.tell_if(&UP, &["b\"} 9\nup{peer=\"c\\"], false);
        let expected = "# HELP up Up.\n# TYPE up gauge\nup{peer=\"a\"} 1\n\
                        up{peer=\"b\\\"} 9\\nup{peer=\\\"c\\\\\"} 0\n";
        assert_eq!(page.finish(), expected);
    }

    #[test]
    fn buckets_add_up() {
        let took = Metric { name: "took", kind: Kind::Histogram, labels: &[], help: "Took." };
        let mut page = Page::default();
        page.histogram(&took, &[], [(Some(0.5), 2), (Some(1.0), 3), (None, 1)].into_iter(), 7.25);
        let expected = "# HELP took Took.\n# TYPE took histogram\ntook_bucket{le=\"0.5\"} 2\n\
                        took_bucket{le=\"1\"} 5\ntook_bucket{le=\"+Inf\"} 6\ntook_sum 7.25\ntook_count 6\n";
        assert_eq!(page.finish(), expected);
    }
}
