//! A conda channel of a test's own, served over loopback by a real web server: open, and behind a password.

use std::collections::BTreeSet;
use std::fs;
use std::io::Cursor;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rattler_conda_types::compression_level::CompressionLevel;
use rattler_package_streaming::write::write_conda_package;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::mark;

/// How long the server may take to start.
const LIMIT: Duration = Duration::from_secs(20);

/// Who may read the channel.
const USER: &str = "reader";

/// A channel of packages that a test makes.
#[derive(Debug)]
pub struct Channel {
    folder: TempDir,
    port: u16,
    password: String,
    server: Child,
    index: Map<String, Value>,
}

/// A package for any platform, to be put into a channel.
#[derive(Clone, Copy, Debug, Default)]
pub struct Packed<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its version.
    pub version: &'a str,
    /// What it needs.
    pub depends: &'a [&'a str],
    /// Whether it is linked for the environment's Python.
    pub is_python: bool,
    /// Whether it lists its files as archives did before 2017.
    pub is_old: bool,
    /// Its files: paths in the package, and contents.
    pub files: &'a [(&'a str, &'a str)],
}

impl Channel {
    /// Starts a server for a channel that has no packages yet.
    pub fn start() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let password = mark();
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
            .local_addr()?
            .port();
        let file = folder.path().join("nginx.conf");
        fs::write(&file, configuration(&folder, port))?;
        fs::write(
            folder.path().join("users"),
            format!("{USER}:{{PLAIN}}{password}\n"),
        )?;
        let server = Command::new("nginx")
            .arg("-p")
            .arg(folder.path())
            .arg("-c")
            .arg(&file)
            .args(["-e", "stderr"])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("could not start nginx")?;
        let channel = Self {
            folder,
            port,
            password,
            server,
            index: Map::new(),
        };
        channel.write_index()?;
        let end = Instant::now() + LIMIT;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            ensure!(Instant::now() < end, "nginx does not answer");
            thread::sleep(Duration::from_millis(20));
        }
        Ok(channel)
    }

    /// The channel where everyone reads it.
    pub fn open(&self) -> String {
        format!("http://127.0.0.1:{}/main", self.port)
    }

    /// The channel where a password is asked for.
    pub fn private(&self) -> String {
        format!("http://127.0.0.1:{}/private/main", self.port)
    }

    /// The host by which credentials are kept.
    pub fn host(&self) -> &'static str {
        "127.0.0.1"
    }

    /// The password.
    pub fn password(&self) -> &str {
        &self.password
    }

    /// The header that lets its sender in.
    pub fn header(&self) -> String {
        format!(
            "Basic {}",
            STANDARD.encode(format!("{USER}:{}", self.password))
        )
    }

    /// Writes the credentials as conda's tools keep them; gives the file, which `RATTLER_AUTH_FILE` is to name.
    pub fn credentials(&self) -> Result<PathBuf> {
        let file = self.folder.path().join("credentials.json");
        let login = json!({ "BasicHTTP": { "username": USER, "password": self.password } });
        fs::write(&file, json!({ self.host(): login }).to_string())?;
        Ok(file)
    }

    /// Adds packages.
    pub fn put(&mut self, packages: &[Packed<'_>]) -> Result<()> {
        for package in packages {
            let mut record = json!({
                "name": package.name, "version": package.version, "build": "0", "build_number": 0,
                "subdir": "noarch", "depends": package.depends, "constrains": [],
                "noarch": if package.is_python { "python" } else { "generic" },
            });
            let archive = archive(&record, package)?;
            let file = format!("{}-{}-0.conda", package.name, package.version);
            fs::write(self.subdir("noarch")?.join(&file), &archive)?;
            record["sha256"] = hex::encode(Sha256::digest(&archive)).into();
            record["size"] = archive.len().into();
            self.index.insert(file, record);
        }
        self.write_index()
    }

    /// The archives that were fetched since this was asked last, by their file names.
    pub fn fetched(&self) -> Result<BTreeSet<String>> {
        let requests = self.folder.path().join("requests");
        let text = fs::read_to_string(&requests)?;
        fs::write(&requests, "")?;
        let lines = text.lines().filter_map(|line| line.strip_prefix("200 "));
        let files = lines.filter_map(|path| path.rsplit('/').next());
        let archives = files.filter(|file| self.index.contains_key(*file));
        Ok(archives.map(str::to_owned).collect())
    }

    fn subdir(&self, name: &str) -> Result<PathBuf> {
        let folder = self.folder.path().join("main").join(name);
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    fn write_index(&self) -> Result<()> {
        let none = Map::new();
        for (subdir, packages) in [("linux-64", &none), ("noarch", &self.index)] {
            let index = json!({
                "info": { "subdir": subdir }, "packages": {}, "packages.conda": packages,
            });
            fs::write(
                self.subdir(subdir)?.join("repodata.json"),
                index.to_string(),
            )?;
        }
        Ok(())
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        // It has nothing that is worth waiting for; a server that is gone already is as well.
        let _ = Command::new("kill")
            .arg(self.server.id().to_string())
            .status();
        let _ = self.server.wait();
    }
}

fn configuration(folder: &TempDir, port: u16) -> String {
    let root = folder.path().display();
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
    root "{root}";
    location /private/ {{
      alias "{root}/";
      auth_basic channel;
      auth_basic_user_file "{root}/users";
    }}
  }}
}}
"#
    )
}

fn archive(record: &Value, package: &Packed<'_>) -> Result<Vec<u8>> {
    let folder = tempfile::tempdir()?;
    let mut written = Vec::new();
    let mut write = |path: &str, content: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().context("a file lies in a folder")?)?;
        fs::write(&path, content)?;
        written.push(path);
        anyhow::Ok(())
    };
    let mut listed = Vec::new();
    for (path, content) in package.files {
        write(path, content)?;
        listed.push(json!({
            "_path": path, "path_type": "hardlink", "size_in_bytes": content.len(),
            "sha256": hex::encode(Sha256::digest(content)),
        }));
    }
    write("info/index.json", &record.to_string())?;
    if package.is_old {
        let files = package.files.iter().map(|(path, _)| *path);
        write("info/files", &files.collect::<Vec<_>>().join("\n"))?;
    } else {
        let paths = json!({ "paths": listed, "paths_version": 1 });
        write("info/paths.json", &paths.to_string())?;
    }
    if package.is_python {
        let link = json!({ "noarch": { "type": "python" }, "package_metadata_version": 1 });
        write("info/link.json", &link.to_string())?;
    }
    let mut bytes = Cursor::new(Vec::new());
    let time = "2025-01-01T00:00:00Z".parse()?;
    write_conda_package(
        &mut bytes,
        folder.path(),
        &written,
        CompressionLevel::Lowest,
        None,
        "package",
        Some(&time),
        None,
    )?;
    Ok(bytes.into_inner())
}
