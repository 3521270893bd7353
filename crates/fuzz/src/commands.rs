//! Bodies of commands, as they stand in entries.

use databourse_market::Command;

/// The first line is the type of the entry; what follows is its body.
pub(crate) fn command(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let Some((entry_type, body)) = text.split_once('\n') else { return };
    let Ok(command) = Command::from_json(entry_type, body) else { return };
    assert_eq!(command.entry_type(), entry_type);
    let written = command.to_json().expect("a command that was read can be written");
    let again = Command::from_json(entry_type, &written).expect("a command that was written can be read");
    assert_eq!(again.to_json().ok(), Some(written), "a command has one form");
}
