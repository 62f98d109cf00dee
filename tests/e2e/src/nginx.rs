//! A web server of a test's own, on a free port of loopback.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

/// How long the server may take to start.
const LIMIT: Duration = Duration::from_secs(20);

/// An nginx with the folder that it serves.
#[derive(Debug)]
pub struct Nginx {
    folder: TempDir,
    port: u16,
    server: Child,
}

impl Nginx {
    /// Starts it; `site` writes what is in its `server` block, for the folder and the address that it will have.
    pub fn start(site: impl FnOnce(&Path, &str) -> String) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
            .local_addr()?
            .port();
        let file = folder.path().join("nginx.conf");
        let site = site(folder.path(), &format!("127.0.0.1:{port}"));
        fs::write(&file, configuration(port, &site))?;
        let child = Command::new("nginx")
            .arg("-p")
            .arg(folder.path())
            .arg("-c")
            .arg(&file)
            .args(["-e", "stderr"])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("could not start nginx")?;
        let server = Self {
            folder,
            port,
            server: child,
        };
        let end = Instant::now() + LIMIT;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            ensure!(Instant::now() < end, "nginx does not answer");
            thread::sleep(Duration::from_millis(20));
        }
        Ok(server)
    }

    /// The folder that paths of the configuration are relative to; it goes with the server.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its `host:port`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Lets this user in where `auth_basic_user_file` names the file `users`.
    pub fn admit(&self, user: &str, password: &str) -> Result<()> {
        let line = format!("{user}:{{PLAIN}}{password}\n");
        Ok(fs::write(self.folder().join("users"), line)?)
    }

    /// The paths that were answered with 200 since this was asked last.
    pub fn answered(&self) -> Result<Vec<String>> {
        let requests = self.folder().join("requests");
        let text = fs::read_to_string(&requests)?;
        fs::write(&requests, "")?;
        let lines = text.lines().filter_map(|line| line.strip_prefix("200 "));
        Ok(lines.map(str::to_owned).collect())
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // It has nothing that is worth waiting for; a server that is gone already is as well.
        let _ = Command::new("kill")
            .arg(self.server.id().to_string())
            .status();
        let _ = self.server.wait();
    }
}

fn configuration(port: u16, site: &str) -> String {
    format!(
        r#"daemon off;
user root;
worker_processes 1;
pid nginx.pid;
error_log stderr;
events {{}}
http {{
  log_format named "$status $uri";
  access_log requests named;
  default_type application/octet-stream;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  server {{
    listen 127.0.0.1:{port};
{site}
  }}
}}
"#
    )
}
