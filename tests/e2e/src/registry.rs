//! What the registry holds, asked of the registry itself.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::nginx::Nginx;
use crate::{Engine, mark};

/// The kinds of manifests that images have.
const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, \
                      application/vnd.docker.distribution.manifest.list.v2+json, \
                      application/vnd.docker.distribution.manifest.v2+json";

/// A registry without TLS on this machine.
#[derive(Clone, Debug)]
pub struct Registry {
    address: String,
}

impl Registry {
    /// The engine's.
    pub fn of(engine: &Engine) -> Result<Self> {
        Ok(Self {
            address: engine.registry()?,
        })
    }

    /// The digest that a tag stands for.
    pub fn digest(&self, repository: &str, tag: &str) -> Result<String> {
        let (head, _) = get(&self.address, &format!("/v2/{repository}/manifests/{tag}"))?;
        let mut header = head.lines().filter_map(|line| line.split_once(": "));
        let digest = header.rfind(|(name, _)| name.eq_ignore_ascii_case("docker-content-digest"));
        Ok(digest.context("the registry names no digest")?.1.to_owned())
    }

    /// The manifest of a tag or digest.
    pub fn manifest(&self, repository: &str, reference: &str) -> Result<Value> {
        self.json(&format!("/v2/{repository}/manifests/{reference}"))
    }

    /// The configuration of the image, for the platform it was built for.
    pub fn config(&self, repository: &str, reference: &str) -> Result<Value> {
        let mut manifest = self.json(&format!("/v2/{repository}/manifests/{reference}"))?;
        if let Some(entries) = manifest["manifests"].as_array() {
            // Beside the image an index may hold attestations, which are for no platform.
            let image = entries
                .iter()
                .find(|entry| entry["platform"]["os"] != "unknown");
            let digest = image
                .and_then(|entry| entry["digest"].as_str())
                .context("an index without an image")?;
            manifest = self.json(&format!("/v2/{repository}/manifests/{digest}"))?;
        }
        let digest = manifest["config"]["digest"]
            .as_str()
            .context("a manifest without a configuration")?;
        self.json(&format!("/v2/{repository}/blobs/{digest}"))
    }

    fn json(&self, path: &str) -> Result<Value> {
        let (_, body) = get(&self.address, path)?;
        serde_json::from_str(&body).with_context(|| format!("{path} is no JSON"))
    }
}

/// The engine's registry behind a server that lets in whoever bears a token, which it gives for a password. Registries
/// that are not one's own ask for such tokens.
#[derive(Debug)]
pub struct Guarded {
    server: Nginx,
}

impl Guarded {
    /// Starts the server.
    pub fn start(engine: &Engine) -> Result<Self> {
        let (token, registry) = (mark(), engine.registry()?);
        let server = Nginx::start(|folder, address| {
            let folder = folder.display();
            format!(
                r#"    client_max_body_size 0;
    location = /token {{
      alias "{folder}/token.json";
      auth_basic registry;
      auth_basic_user_file users;
    }}
    location /v2/ {{
      add_header WWW-Authenticate 'Bearer realm="http://{address}/token",service="stages"' always;
      if ($http_authorization != "Bearer {token}") {{ return 401; }}
      proxy_pass http://{registry};
      proxy_set_header Host $http_host;
      proxy_set_header Authorization "";
    }}"#
            )
        })?;
        let answer = json!({ "token": token }).to_string();
        fs::write(server.folder().join("token.json"), answer)?;
        let (user, password) = ("publisher", mark());
        server.admit(user, &password)?;
        let login = json!({ "auth": STANDARD.encode(format!("{user}:{password}")) });
        let logins = json!({ "auths": { server.address(): login } }).to_string();
        fs::write(server.folder().join("config.json"), logins)?;
        Ok(Self { server })
    }

    /// Its `host:port`.
    pub fn address(&self) -> String {
        self.server.address()
    }

    /// The folder with its login, as `docker login` keeps it, which `DOCKER_CONFIG` is to name.
    pub fn logins(&self) -> &Path {
        self.server.folder()
    }
}

/// The head and the body of what a server answers.
pub(crate) fn get(address: &str, path: &str) -> Result<(String, String)> {
    let mut stream = TcpStream::connect(address).context("the server does not answer")?;
    write!(
        stream,
        "GET {path} HTTP/1.0\r\nHost: {address}\r\nAccept: {ACCEPT}\r\n\r\n",
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .context("the server speaks no HTTP")?;
    let status = head.lines().next().unwrap_or_default();
    ensure!(status.contains(" 200 "), "{path}: {status}");
    Ok((head.to_owned(), body.to_owned()))
}
