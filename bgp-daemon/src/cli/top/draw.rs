//! The screen, drawn from a picture.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Paragraph, Row as TableRow, Table};

use super::keys::{Order, View};
use super::rates::{Picture, Row};
use crate::api::{Group, KernelSummary, Status};
use crate::cli::status::{members, table};
use crate::cli::table::{Align, Colour, Tone, age};

/// Update groups that are shown, at most.
const GROUPS: usize = 3;

/// Draws everything into the room there is, and tells `view` how many peers found room.
pub(super) fn draw(picture: &Picture, view: &mut View, frame: &mut Frame<'_>) {
    let head = head(picture, view.colour);
    let height = head.len() as u16;
    let parts = [Constraint::Length(height), Constraint::Min(0), Constraint::Length(1)];
    let [top, middle, bottom] = Layout::vertical(parts).areas(frame.area());
    frame.render_widget(Paragraph::new(head), top);
    view.room = usize::from(middle.height.saturating_sub(1)).max(1);
    peers(picture, view, middle, frame);
    frame.render_widget(Paragraph::new(foot(view)), bottom);
}

fn head(picture: &Picture, colour: Colour) -> Vec<Line<'static>> {
    let Picture { status, kernel, kernel_rate, trouble, .. } = picture;
    let mut lines = vec![first(status), second(picture, colour)];
    lines.extend(
        status
            .routes
            .iter()
            .map(|(family, totals)| Line::raw(format!("Routes    {family}: {}", table(*totals)))),
    );
    lines.extend(kernel.as_ref().map(|kernel| kernel_line(kernel, *kernel_rate, colour)));
    lines.extend(status.groups.iter().take(GROUPS).map(|group| group_line(group, colour)));
    lines.extend(
        status
            .groups
            .len()
            .checked_sub(GROUPS + 1)
            .map(|more| Line::raw(format!("Groups    {} more", more + 1))),
    );
    lines.extend(trouble.as_ref().map(|why| Line::styled(plain(why), style(Tone::Bad, colour))));
    lines.push(Line::default());
    lines
}

fn first(status: &Status) -> Line<'static> {
    let Status { role, asn, router_id, uptime, generation, .. } = status;
    Line::raw(format!(
        "Caracal   {role} AS {asn} router id {router_id}, up {}, generation {generation}",
        age(*uptime)
    ))
}

fn second(picture: &Picture, colour: Colour) -> Line<'static> {
    let status = &picture.status;
    let tone = if status.peers.missing() == 0 { Tone::Good } else { Tone::Bad };
    let sum = |rate: fn(&Row) -> f64| picture.peers.iter().map(rate).sum::<f64>();
    let messages = format!(
        ", {} messages/s in, {} out",
        short(sum(|row| row.received_rate)),
        short(sum(|row| row.sent_rate))
    );
    let established = Span::styled(status.peers.in_words(), style(tone, colour));
    Line::from(vec![Span::raw("Peers     "), established, Span::raw(messages)])
}

fn kernel_line(kernel: &KernelSummary, rate: f64, colour: Colour) -> Line<'static> {
    let routes = kernel.routes;
    let text = format!(
        "Kernel    {} installed, {} pending, {} refused; {} wait, {} in flight, {} operations/s",
        routes.installed,
        routes.pending,
        routes.diverged,
        kernel.backlog,
        kernel.in_flight,
        short(rate)
    );
    let tone = if routes.diverged > 0 { Tone::Bad } else { Tone::Plain };
    Line::styled(text, style(tone, colour))
}

fn group_line(group: &Group, colour: Colour) -> Line<'static> {
    let detached = &group.detached;
    let behind = if detached.is_empty() { String::new() } else { format!(", {} far behind", detached.len()) };
    let text = format!("Group     {}{behind}", members(group));
    let tone = if detached.is_empty() { Tone::Plain } else { Tone::Fair };
    Line::styled(text, style(tone, colour))
}

/// The title of the last column.
const LAST_ERROR: &str = "LAST ERROR";

/// A column of the table of peers: those with the highest rank go first where there is not room for all.
struct Column {
    title: &'static str,
    width: u16,
    rank: u8,
    align: Align,
    cell: fn(&Row, Colour) -> Text<'static>,
}

fn columns(rows: &[&Row]) -> Vec<Column> {
    let longest = |text: fn(&Row) -> &str, least: usize, most: usize| {
        let length = rows.iter().map(|row| text(row).chars().count()).max().unwrap_or_default();
        length.clamp(least, most) as u16
    };
    let words = |title, width, rank, cell| Column { title, width, rank, align: Align::Left, cell };
    let number = |title, width, rank, cell| Column { title, width, rank, align: Align::Right, cell };
    vec![
        words("NAME", longest(|row| &row.name, 8, 40), 0, |row, _| plain(&row.name).into()),
        words("ADDRESS", longest(|row| &row.address, 8, 40), 7, |row, _| plain(&row.address).into()),
        number("ASN", 10, 8, |row, _| row.asn.map_or_else(|| "-".to_owned(), |asn| asn.to_string()).into()),
        words("STATE", 11, 1, |row, colour| Text::styled(row.state.clone(), style(tone_of(row), colour))),
        number("FOR", 7, 2, |row, _| age(row.age).into()),
        number("IN/S", 7, 4, |row, _| short(row.received_rate).into()),
        number("OUT/S", 7, 4, |row, _| short(row.sent_rate).into()),
        number("RECEIVED", 9, 3, |row, _| row.received.to_string().into()),
        number("ACCEPTED", 9, 6, |row, _| row.accepted.to_string().into()),
        number("ADVERTISED", 10, 3, |row, _| row.advertised.to_string().into()),
        number("ROUTES/S", 8, 5, |row, _| short(row.route_rate).into()),
        words(LAST_ERROR, 20, 9, |row, colour| {
            let tone = if tone_of(row) == Tone::Good { Tone::Dim } else { Tone::Bad };
            Text::styled(plain(&row.last_error), style(tone, colour))
        }),
    ]
}

impl Column {
    fn set(&self, text: Text<'static>) -> Text<'static> {
        match self.align {
            Align::Left => text,
            Align::Right => text.right_aligned(),
        }
    }
}

fn peers(picture: &Picture, view: &View, area: Rect, frame: &mut Frame<'_>) {
    let rows = view.rows(&picture.peers);
    let shown: Vec<&Row> = rows.into_iter().skip(view.above).take(view.room).collect();
    let mut columns = columns(&shown);
    let room = |columns: &[Column]| columns.iter().map(|column| column.width + 1).sum::<u16>();
    while columns.len() > 1 && room(&columns) > area.width + 1 {
        let last = columns.iter().map(|column| column.rank).max().unwrap_or_default();
        columns.retain(|column| column.rank != last);
    }
    let cells =
        |row: &&Row| TableRow::new(columns.iter().map(|column| column.set((column.cell)(row, view.colour))));
    // What is left over is for errors, which are words.
    let width = |column: &Column| match column.title {
        LAST_ERROR => Constraint::Min(column.width),
        _ => Constraint::Length(column.width),
    };
    let widths: Vec<Constraint> = columns.iter().map(width).collect();
    let titles = TableRow::new(columns.iter().map(|column| column.set(column.title.into())));
    let titles = titles.style(style(Tone::Dim, view.colour));
    let table = Table::new(shown.iter().map(cells), widths).header(titles).column_spacing(1);
    frame.render_widget(table, area);
}

fn tone_of(row: &Row) -> Tone {
    match &*row.state {
        "Established" => Tone::Good,
        "Idle" => Tone::Bad,
        _ => Tone::Fair,
    }
}

/// What keys do; what is in force stands in brackets.
fn foot(view: &View) -> Line<'static> {
    let orders = [
        ("n name", Order::Name),
        ("s state", Order::State),
        ("a age", Order::Age),
        ("m messages", Order::Messages),
        ("r routes", Order::Routes),
    ];
    let by = |(key, order): (&str, Order)| match (order == view.order, view.reversed) {
        (false, _) => key.to_owned(),
        (true, false) => format!("[{key}]"),
        (true, true) => format!("[{key}, reversed]"),
    };
    let orders = orders.map(by).join("  ");
    let down = if view.only_down { "[d down]" } else { "d down" };
    Line::styled(format!("{orders}  {down}  q quit"), style(Tone::Dim, view.colour))
}

/// A rate in few characters.
fn short(rate: f64) -> String {
    match rate.abs() {
        size if size < 0.05 => "0".to_owned(),
        size if size < 100.0 => format!("{rate:.1}"),
        size if size < 100_000.0 => format!("{rate:.0}"),
        _ => format!("{:.0}k", rate / 1000.0),
    }
}

/// Without what a terminal would obey: errors quote what peers say.
fn plain(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).collect()
}

fn style(tone: Tone, colour: Colour) -> Style {
    let plain = Style::default();
    if colour == Colour::Off {
        return plain;
    }
    match tone {
        Tone::Plain => plain,
        Tone::Good => plain.fg(Color::Green),
        Tone::Fair => plain.fg(Color::Yellow),
        Tone::Bad => plain.fg(Color::Red),
        Tone::Dim => plain.add_modifier(Modifier::DIM),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::*;
    use crate::cli::top::rates::tests::{peer, sample};

    fn picture() -> Picture {
        let start = Instant::now();
        let before = sample(start, vec![peer("tor-a", "Established", 10, 5)]);
        let peers = vec![peer("tor-a", "Established", 30, 500), peer("tor-b", "Idle", 0, 0)];
        Picture::of(Some(&before), &sample(start + Duration::from_secs(2), peers))
    }

    fn lines(picture: &Picture, view: &mut View, width: u16, height: u16) -> Vec<String> {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("memory");
        terminal.draw(|frame| draw(picture, view, frame)).expect("memory");
        let buffer = terminal.backend().buffer();
        let cell = |x, y| buffer[(x, y)].symbol().to_owned();
        let line = |y| (0..width).map(|x| cell(x, y)).collect::<String>().trim_end().to_owned();
        (0..height).map(line).collect()
    }

    #[test]
    fn the_screen_shows_the_daemon_its_peers_and_the_kernel() {
        let mut view = View::new(Colour::Off);
        let lines = lines(&picture(), &mut view, 140, 10);
        assert_eq!(lines[0], "Caracal   node AS 64512 router id 10.0.0.1, up 1h00m, generation 2");
        assert_eq!(lines[1], "Peers     1 of 2 established, 10.0 messages/s in, 0 out");
        assert_eq!(lines[2], "Routes    ipv4: 10 prefixes, 12 paths");
        assert_eq!(
            lines[3],
            "Kernel    9 installed, 0 pending, 0 refused; 3 wait, 0 in flight, 0 operations/s"
        );
        assert!(lines[5].starts_with("NAME     ADDRESS          ASN STATE           FOR"), "{lines:#?}");
        for word in ["tor-a", "Established", " 1m05s", "10.0", "500", "248"] {
            assert!(lines[6].contains(word), "{word} is not in {:?}", lines[6]);
        }
        let end = |line: &str, word: &str| line.find(word).map(|at| at + word.len());
        assert_eq!(end(&lines[5], "RECEIVED"), end(&lines[6], "500"), "numbers end where their titles do");
        assert!(lines[7].contains("tor-b") && lines[7].contains("Idle"), "{lines:#?}");
        assert!(lines[9].starts_with("[n name]  s state"), "{lines:#?}");
        assert_eq!(view.room, 3);
    }

    #[test]
    fn eighty_columns_have_room_for_every_word_but_columns() {
        let mut picture = picture();
        let peers = &mut picture.status.peers;
        (peers.established, peers.total) = (1234, 1234);
        picture.status.routes.values_mut().for_each(|table| {
            (table.prefixes, table.paths) = (1_000_000, 12_345_678);
        });
        for order in [Order::Name, Order::State, Order::Age, Order::Messages, Order::Routes] {
            let mut view = View { order, reversed: true, only_down: true, ..View::new(Colour::Off) };
            let lines = lines(&picture, &mut view, 80, 10);
            assert!(lines[1].ends_with(" out"), "{lines:#?}");
            assert!(lines[2].ends_with("12345678 paths"), "{lines:#?}");
            assert!(lines[9].contains(", reversed]") && lines[9].ends_with("[d down]  q quit"), "{lines:#?}");
        }
    }

    #[test]
    fn it_fits_into_any_window() {
        let narrow = lines(&picture(), &mut View::new(Colour::Off), 70, 10);
        assert!(narrow[5].starts_with("NAME     STATE           FOR"), "{narrow:#?}");
        assert!(narrow[6].contains("500") && !narrow[6].contains("192.0.2.1"), "{narrow:#?}");
        for (width, height) in [(1, 1), (3, 2), (20, 5), (79, 4), (400, 200)] {
            let mut view = View::new(Colour::On);
            lines(&picture(), &mut view, width, height);
        }
    }

    #[test]
    fn what_a_peer_says_is_not_obeyed_and_trouble_is_shown() {
        let mut picture = picture();
        picture.peers[0].last_error = "\x1b[2Jgone".to_owned();
        picture.fail("the daemon has ended");
        let lines = lines(&picture, &mut View::new(Colour::Off), 160, 12).join("\n");
        assert!(lines.contains("[2Jgone") && !lines.contains('\x1b'), "{lines}");
        assert!(lines.contains("the daemon has ended"), "{lines}");
    }
}
