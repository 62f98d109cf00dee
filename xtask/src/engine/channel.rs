//! The web server for the conda channels; `conda` makes them.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};

use super::http;
use super::layout::{Layout, text};
use super::service::{self, Service};
use super::state::State;
use crate::run;

/// The web server's name among the services.
pub const SERVICE: &str = "channel";

/// The channel that has packages. Its name is the usual one, so that an environment
/// file that names it works on this machine as anywhere.
const CHANNEL: &str = "conda-forge";

const USUAL_PORT: u16 = 5712;

/// Starts the web server.
pub fn start(layout: &Layout, state: &mut State, port: Option<u16>) -> Result<()> {
    let port = service::choose_port(state, SERVICE, port, USUAL_PORT)?;
    let folder = layout.path("nginx");
    fs::create_dir_all(&folder)?;
    let configuration = configuration(layout, port)?;
    let file = folder.join("nginx.conf");
    fs::write(&file, &configuration)?;

    let program = run::find_program("nginx").context("nginx is gone")?;
    let mut command = Command::new(program);
    command
        .arg("-p")
        .arg(&folder)
        .arg("-c")
        .arg(&file)
        .args(["-e", "stderr"]);
    let service = Service {
        name: SERVICE,
        command,
        configuration: &configuration,
        port: Some(port),
        answers: &|| http::get(port, "/ready").is_ok(),
    };
    service.ensure(layout, state)
}

/// How much the channels hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Size {
    /// What tests need: 75 packages, about 190 MB
    #[default]
    Small,
    /// What makes an environment heavy besides: some 180 packages, about 1 GB
    Medium,
    /// What makes it huge: some 200 packages, about 2 GB, which take over 5 GB on disk
    Large,
}

impl Size {
    /// The lists of wheels in the recipe, without and with second versions.
    pub fn lists(self) -> (&'static [&'static str], &'static [&'static str]) {
        match self {
            Self::Small => (&["packages"], &["older"]),
            Self::Medium => (&["packages", "medium"], &["medium-older"]),
            Self::Large => (&["packages", "medium", "large"], &["large-older"]),
        }
    }

    /// Where the server has its channels.
    fn location(self) -> &'static str {
        match self {
            Self::Small => "",
            Self::Medium => "/medium",
            Self::Large => "/large",
        }
    }
}

/// The folder of all channels of a size.
pub fn folder(layout: &Layout, size: Size) -> PathBuf {
    match size {
        Size::Small => layout.path("channels"),
        Size::Medium => layout.path("channels-medium"),
        Size::Large => layout.path("channels-large"),
    }
}

/// What a channel's name is appended to: conda's `channel_alias`.
pub fn alias(state: &State) -> Result<String> {
    Ok(format!("http://{}", service::address(state, SERVICE)?))
}

/// The channel's address; its mere name where none was made, because the real one is
/// within reach.
pub fn url(layout: &Layout, state: &State, size: Size) -> Result<String> {
    if !folder(layout, size).is_dir() {
        return Ok(CHANNEL.to_owned());
    }
    let alias = alias(state)?;
    Ok(format!("{alias}{}/{CHANNEL}", size.location()))
}

/// Everything nginx writes goes below its prefix, and the worker may read `target`
/// wherever that is.
fn configuration(layout: &Layout, port: u16) -> Result<String> {
    let small = folder(layout, Size::Small);
    let root = text(&small)?;
    let mut others = String::new();
    for size in [Size::Medium, Size::Large] {
        let (location, folder) = (size.location(), folder(layout, size));
        writeln!(
            others,
            "    location {location}/ {{ alias \"{}/\"; }}",
            text(&folder)?
        )?;
    }
    let address = service::loopback(port);
    Ok(format!(
        r#"daemon off;
user root;
worker_processes 1;
pid nginx.pid;
error_log stderr;
events {{}}
http {{
  access_log off;
  sendfile on;
  types {{ application/json json; }}
  default_type application/octet-stream;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  server {{
    listen {address};
    root "{root}";
{others}    location = /ready {{ return 200 "ready\\n"; }}
  }}
}}
"#
    ))
}
