//! What one sees while the player works: a bar per stage on a terminal, a line per stage elsewhere.

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::{io::IsTerminal as _, sync::LazyLock};

/// Everything that moves on the terminal, so that a bar and a table do not write over one another.
static SCREEN: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// The terminal's moving part, if there is a terminal.
pub(crate) fn screen() -> Option<&'static MultiProgress> {
    std::io::stderr().is_terminal().then(|| &*SCREEN)
}

/// Says a line to whoever watches, above whatever moves.
pub(crate) fn say(line: &str) {
    // A terminal that is gone is told nothing.
    if screen().is_none_or(|screen| screen.println(line).is_err()) {
        eprintln!("{line}");
    }
}

/// One stage under way.
pub(crate) struct Stage {
    name: &'static str,
    bar: Option<ProgressBar>,
    done: u64,
}

impl Stage {
    /// Begins a stage of `total` steps; 0 if their number is not known.
    pub(crate) fn begin(name: &'static str, total: u64) -> Self {
        let bar = screen().map(|screen| {
            let bar = if total == 0 { ProgressBar::no_length() } else { ProgressBar::new(total) };
            let shape = if total == 0 {
                "{msg:32} {spinner} {human_pos}"
            } else {
                "{msg:32} [{bar:30}] {human_pos}/{human_len}"
            };
            let style = ProgressStyle::with_template(shape).unwrap_or_else(|_| ProgressStyle::default_bar());
            screen.add(bar.with_style(style).with_message(name))
        });
        Self { name, bar, done: 0 }
    }

    /// Some steps more are done.
    pub(crate) fn advance(&mut self, steps: u64) {
        self.done += steps;
        if let Some(bar) = &self.bar {
            bar.set_position(self.done);
        }
    }

    /// Ends the stage with a few words on what came out.
    pub(crate) fn end(self, outcome: &str) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        say(&format!("{:<32} {outcome}", self.name));
    }
}
