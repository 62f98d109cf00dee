//! The forms that single texts must have, whatever else is in the file.

/// What is wrong with a text.
pub(crate) struct Problem {
    /// The diagnostic's code.
    pub(crate) code: &'static str,
    /// The fact.
    pub(crate) message: String,
    /// The way out.
    pub(crate) help: &'static str,
}

/// A form of texts.
pub(crate) type Check = fn(&str) -> Result<(), Problem>;

fn require(
    holds: bool,
    code: &'static str,
    message: impl FnOnce() -> String,
    help: &'static str,
) -> Result<(), Problem> {
    if holds {
        return Ok(());
    }
    Err(Problem {
        code,
        message: message(),
        help,
    })
}

/// A name of a project, stage, service or base.
pub(crate) fn name(text: &str) -> Result<(), Problem> {
    let alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let holds = text.starts_with(alphanumeric)
        && text
            .chars()
            .all(|c| alphanumeric(c) || matches!(c, '.' | '_' | '-'));
    require(
        holds,
        "bad-name",
        || format!("`{}` is not a valid name", text.escape_debug()),
        "names are lower case: a letter or digit, then letters, digits, `.`, `_` and `-`",
    )
}

/// The name of an environment variable or build argument.
pub(crate) fn variable(text: &str) -> Result<(), Problem> {
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    let holds = text.starts_with(first) && text.chars().all(|c| first(c) || c.is_ascii_digit());
    require(
        holds,
        "bad-variable",
        || format!("`{}` is not a valid variable name", text.escape_debug()),
        "write letters, digits and `_`, and no digit first: `JAVA_HOME`",
    )
}

/// A file mode in octal digits.
pub(crate) fn octal(text: &str) -> Result<(), Problem> {
    require(
        is_octal(text),
        "bad-mode",
        || format!("`{}` is not a file mode", text.escape_debug()),
        "write three or four octal digits: `\"0755\"`",
    )
}

/// A file mode in octal digits, or symbolic as `chmod` takes it.
pub(crate) fn mode(text: &str) -> Result<(), Problem> {
    require(
        is_octal(text) || text.split(',').all(is_symbolic),
        "bad-mode",
        || format!("`{}` is not a file mode", text.escape_debug()),
        "write octal digits, `\"0755\"`, or what `chmod` takes, `u=rwX,go=rX`",
    )
}

fn is_octal(text: &str) -> bool {
    matches!(text.len(), 3 | 4)
        && text.chars().all(|c| matches!(c, '0'..='7'))
        && (text.len() == 3 || text.starts_with(|c| c <= '7'))
}

fn is_symbolic(clause: &str) -> bool {
    let who = clause.trim_start_matches(['u', 'g', 'o', 'a']);
    let mut permissions = who.split(['+', '-', '=']);
    permissions.next() == Some("")
        && who.contains(['+', '-', '='])
        && permissions
            .all(|set| matches!(set, "u" | "g" | "o") || set.chars().all(|c| "rwxXst".contains(c)))
}

/// What may be exposed: a port or a range of ports, and a protocol.
pub(crate) fn port(text: &str) -> Result<(), Problem> {
    let (ports, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
    let number = |text: &str| text.parse::<u16>().ok().filter(|port| *port > 0);
    let holds = matches!(protocol, "tcp" | "udp" | "sctp")
        && matches!((number(first), number(last)), (Some(first), Some(last)) if first <= last);
    require(
        holds,
        "bad-port",
        || format!("`{}` is not a port", text.escape_debug()),
        "write a number from 1 to 65535, with `/tcp`, `/udp` or `/sctp` if you like: `53/udp`",
    )
}

/// A duration as Docker writes it.
pub(crate) fn duration(text: &str) -> Result<(), Problem> {
    let mut rest = text;
    let mut holds = !text.is_empty();
    while holds && !rest.is_empty() {
        let unit = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let number = &rest[..rest.len() - unit.len()];
        let next = unit.trim_start_matches(|c: char| c.is_ascii_alphabetic() || c == 'µ');
        let unit = &unit[..unit.len() - next.len()];
        holds = number.parse::<f64>().is_ok()
            && matches!(unit, "ns" | "us" | "µs" | "ms" | "s" | "m" | "h");
        rest = next;
    }
    require(
        holds,
        "bad-duration",
        || format!("`{}` is not a duration", text.escape_debug()),
        "write numbers with units: `30s`, `1m30s`, `500ms`",
    )
}

/// A signal.
pub(crate) fn signal(text: &str) -> Result<(), Problem> {
    let named = text.strip_prefix("SIG").is_some_and(|name| {
        !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, '+' | '-'))
    });
    let numbered = text.parse::<u8>().is_ok_and(|n| (1..=64).contains(&n));
    require(
        named || numbered,
        "bad-signal",
        || format!("`{}` is not a signal", text.escape_debug()),
        "write its name, `SIGTERM`, or its number",
    )
}

/// What network a command has.
pub(crate) fn network(text: &str) -> Result<(), Problem> {
    require(
        matches!(text, "default" | "none"),
        "bad-choice",
        || format!("`{}` is not a network", text.escape_debug()),
        "write `default`, or `none` for no network",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn table(check: Check, right: &[&str], wrong: &[&str]) {
        for text in right {
            assert!(check(text).is_ok(), "`{text}` should be right");
        }
        for text in wrong {
            assert!(check(text).is_err(), "`{text}` should be wrong");
        }
    }

    #[test]
    fn names_and_variables() {
        table(
            name,
            &["a", "conda-env", "3d", "a.b_c"],
            &["", "-a", "A", "a b", "é", ".x"],
        );
        table(variable, &["A", "_x1"], &["", "1A", "A-B", "A B", "Ä"]);
    }

    #[test]
    fn modes() {
        table(
            octal,
            &["0755", "755", "1777"],
            &["", "0o755", "75", "788", "07555", "u+x"],
        );
        table(
            mode,
            &["0644", "u=rwX,go=rX", "+x", "a-st", "g=u", "u+r-w"],
            &["", "rwx", "u", "u=z", "u+x,", "7", "x+u"],
        );
    }

    #[test]
    fn ports_durations_signals() {
        table(
            port,
            &["8888", "53/udp", "1-9/tcp"],
            &["0", "65536", "9-1", "80/http", "a", ""],
        );
        table(
            duration,
            &["30s", "1m30s", "1.5h", "5µs"],
            &["", "30", "s", "1d", "-1s", "1s 2s"],
        );
        table(
            signal,
            &["SIGTERM", "9", "SIGRTMIN+3"],
            &["TERM", "SIG", "0", "99", "sigterm"],
        );
        table(network, &["none", "default"], &["host", ""]);
    }
}
