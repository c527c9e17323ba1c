//! Explanations of prefixes for people. Peers that are told the same for the same reason share a line.

use std::io;
use std::net::IpAddr;

use super::routes;
use super::show::Screen;
use super::table::{Align, Cell, Table, Tone};
use crate::api::{About, Explanation, Step};

/// What an explanation is to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Question {
    /// Where the prefix is, and why.
    Everything,
    /// Whether it may be chosen.
    Import,
    /// Whether a peer is told it.
    Export,
    /// Whether the kernel holds what it is wished to hold.
    Kernel,
}

impl Question {
    /// What is asked by these options.
    pub(super) const fn of(about: About, names_peer: bool) -> Self {
        match about {
            About::Import => Self::Import,
            About::Kernel => Self::Kernel,
            About::All if names_peer => Self::Export,
            About::All => Self::Everything,
        }
    }

    /// Whether a path is known and, where one stage is asked about, it is so there: of one path at least, or in the kernel's
    /// table at all.
    pub(super) fn is_answered_yes(self, told: &Explanation) -> bool {
        let verdicts = |stage| {
            let of_stage = told.steps.iter().filter(move |step| step.stage == stage);
            of_stage.map(|step| step.passed)
        };
        let is_so = match self {
            Self::Everything => true,
            Self::Import => verdicts("import").any(|passed| passed),
            Self::Export => verdicts("export").any(|passed| passed),
            Self::Kernel => verdicts("kernel").all(|passed| passed),
        };
        is_so && !told.candidates.is_empty()
    }
}

/// Prints the explanation of what was `asked`; that of one stage with every rule of policy that was tried.
pub(super) fn print(
    explanation: &Explanation,
    asked: &str,
    question: Question,
    screen: &mut Screen<'_>,
) -> io::Result<()> {
    writeln!(screen.out, "{}{}", explanation.prefix, beyond(&explanation.prefix, asked))?;
    if explanation.candidates.is_empty() {
        writeln!(screen.out, "\nNo path is known.")?;
    } else {
        writeln!(screen.out)?;
        routes::table(&explanation.candidates, screen)?;
    }
    if !explanation.steps.is_empty() {
        writeln!(screen.out)?;
        steps(explanation, question, screen)?;
    }
    if !explanation.hints.is_empty() {
        writeln!(screen.out)?;
    }
    for hint in &explanation.hints {
        let hint: String = hint.chars().filter(|c| !c.is_control()).collect();
        writeln!(screen.out, "{} {hint}", screen.colour.paint("hint:", Tone::Dim))?;
    }
    Ok(())
}

/// What to say of the prefix that is explained, where another one was asked for.
fn beyond(explained: &str, asked: &str) -> String {
    let Some(net) = routes::prefix(asked) else {
        let is_all =
            asked.parse::<IpAddr>().is_ok_and(|address| routes::prefix(explained) == Some(address.into()));
        return if is_all { String::new() } else { format!(", which covers {asked}") };
    };
    match routes::prefix(explained) == Some(net) {
        true => String::new(),
        false => format!(", which covers {asked}: of that itself nothing is known"),
    }
}

fn steps(explanation: &Explanation, question: Question, screen: &mut Screen<'_>) -> io::Result<()> {
    let mut table = Table::new(&[
        ("STAGE", Align::Left),
        ("", Align::Left),
        ("ABOUT", Align::Left),
        ("WHY", Align::Left),
    ]);
    let in_full = question != Question::Everything || screen.is_wide();
    for verdict in verdicts(&explanation.steps, in_full) {
        let step = verdict.first;
        let passed = if step.passed { Cell::new("yes", Tone::Good) } else { Cell::new("no", Tone::Bad) };
        table.row(vec![(&step.stage).into(), passed, verdict.about().into(), (&step.reason).into()]);
        let tried = step.tried.iter().filter(|_| in_full);
        tried
            .for_each(|rule| table.row(vec![Cell::default(), Cell::default(), Cell::default(), rule.into()]));
    }
    table.write(screen.out, screen.colour)
}

/// What several steps have in common: the first of them, and the peers that they lead to.
struct Verdict<'a> {
    first: &'a Step,
    towards: Vec<&'a str>,
}

impl<'a> Verdict<'a> {
    fn of(step: &'a Step) -> Self {
        Self { first: step, towards: step.towards.as_deref().into_iter().collect() }
    }

    /// Whether `step` is the same of another peer.
    fn holds_of(&self, step: &Step) -> bool {
        let Step { stage, passed, reason, .. } = self.first;
        let is_same = (stage, passed, reason) == (&step.stage, &step.passed, &step.reason);
        is_same && step.towards.is_some() && source(self.first) == source(step)
    }

    /// What it is about: from whom, and to whom. Of many peers a few are named.
    fn about(&self) -> String {
        if self.towards.len() < 2 {
            return self.first.subject.clone();
        }
        let names = self.towards.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
        let more = if self.towards.len() > NAMED { ", ..." } else { "" };
        let to = format!("{} peers: {names}{more}", self.towards.len());
        source(self.first).map_or_else(|| to.clone(), |source| format!("{source} to {to}"))
    }
}

/// So many peers are named.
const NAMED: usize = 3;

/// What a step of export leads from; nothing where the peer hears of nobody.
fn source(step: &Step) -> Option<&str> {
    step.subject.strip_suffix(step.towards.as_deref()?)?.strip_suffix(" to ")
}

/// Steps in their order; those about export put together where they only differ in the peer, unless all are wanted.
fn verdicts(steps: &[Step], in_full: bool) -> Vec<Verdict<'_>> {
    let mut verdicts: Vec<Verdict<'_>> = Vec::new();
    for step in steps {
        match verdicts.iter_mut().find(|verdict| !in_full && verdict.holds_of(step)) {
            Some(verdict) => verdict.towards.extend(step.towards.as_deref()),
            None => verdicts.push(Verdict::of(step)),
        }
    }
    verdicts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Route;

    fn step(source: &str, to: &str, passed: bool, reason: &str) -> Step {
        Step {
            stage: "export".into(),
            subject: if source.is_empty() { to.to_owned() } else { format!("{source} to {to}") },
            towards: Some(to.to_owned()),
            passed,
            reason: reason.to_owned(),
            ..Step::default()
        }
    }

    fn told(steps: &[Step], in_full: bool) -> Vec<(String, bool)> {
        let verdicts = verdicts(steps, in_full);
        verdicts.iter().map(|verdict| (verdict.about(), verdict.first.passed)).collect()
    }

    #[test]
    fn peers_share_a_line_where_nothing_but_their_names_differs() {
        let mut steps = vec![Step { stage: "origin".into(), subject: "a".into(), ..Step::default() }];
        steps.extend((0..5).map(|n| step("static", &format!("p{n}"), true, "advertised")));
        steps.push(step("static", "q", false, "advertised"));
        steps.push(step("static", "r", true, "queued"));
        steps.push(step("a", "s", true, "advertised"));
        steps.extend(["x", "y"].map(|name| step("", name, false, "no session")));
        let expected = [
            ("a", false),
            ("static to 5 peers: p0, p1, p2, ...", true),
            ("static to q", false),
            ("static to r", true),
            ("a to s", true),
            ("2 peers: x, y", false),
        ];
        let expected: Vec<(String, bool)> =
            expected.into_iter().map(|(about, passed)| (about.to_owned(), passed)).collect();
        assert_eq!(told(&steps, false), expected);
        assert_eq!(told(&steps, true).len(), steps.len(), "whoever wants all gets all");
    }

    #[test]
    fn a_question_is_answered_by_its_stage() {
        let yes = |question: Question, steps: &[(&'static str, bool)]| {
            let step = |&(stage, passed): &(&'static str, bool)| Step {
                stage: stage.into(),
                passed,
                ..Step::default()
            };
            let (steps, candidates) = (steps.iter().map(step).collect(), vec![Route::default()]);
            question.is_answered_yes(&Explanation { steps, candidates, ..Explanation::default() })
        };
        let mixed =
            [("import", true), ("import", false), ("kernel", true), ("kernel", false), ("export", false)];
        assert!(yes(Question::Everything, &mixed) && yes(Question::Import, &mixed));
        assert!(!yes(Question::Kernel, &mixed) && !yes(Question::Export, &mixed));
        assert!(yes(Question::Kernel, &mixed[..3]) && yes(Question::Export, &[("export", true)]));
        assert!(!Question::Everything.is_answered_yes(&Explanation::default()), "nothing is known");
    }

    #[test]
    fn steps_that_lead_to_no_peer_stay_apart() {
        let held = Step { stage: "kernel".into(), subject: "held".into(), ..Step::default() };
        assert_eq!(told(&[held.clone(), held], false).len(), 2);
    }
}
