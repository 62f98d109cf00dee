//! A registry's HTTP API, for what BuildKit has no word for: tags are listed and images removed.
//!
//! The API is that of the [OCI distribution specification](https://github.com/opencontainers/distribution-spec), and
//! the tokens are those of [Docker's registries](https://distribution.github.io/distribution/spec/auth/token/).

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context as _, bail};
use buildkit_llb::normalize_reference;
use layercake_solve::login;
use reqwest::header::{ACCEPT, AUTHORIZATION, LINK, WWW_AUTHENTICATE};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde::Deserialize;

/// What an image is described by, in the forms that builds push.
const MANIFESTS: &str = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, \
    application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json";

/// How many tags are asked for at once.
const PAGE: usize = 1000;

/// A repository of a registry, with leave to list and to remove.
pub struct Repository {
    http: Client,
    /// `ghcr.io`, by which logins are kept.
    host: String,
    /// `https://ghcr.io`.
    server: String,
    /// `acme/stages`.
    name: String,
    /// The `Authorization` header, once one was asked for. Tokens are good for some minutes.
    leave: Mutex<Option<String>>,
}

#[derive(Deserialize)]
struct Tags {
    tags: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Token {
    token: Option<String>,
    access_token: Option<String>,
}

impl Repository {
    /// The repository of this name, to be spoken to with the login that `docker login` left.
    pub fn new(repository: &str) -> anyhow::Result<Self> {
        let reference = normalize_reference(repository)?;
        let (host, rest) = reference.split_once('/').context("it has a host")?;
        let host = match host {
            "docker.io" => "registry-1.docker.io",
            host => host,
        };
        Ok(Self {
            http: Client::builder()
                .user_agent(concat!("layercake/", env!("CARGO_PKG_VERSION")))
                .build()?,
            server: format!("{}://{host}", scheme(host)),
            name: rest.split([':', '@']).next().unwrap_or(rest).to_owned(),
            host: host.to_owned(),
            leave: Mutex::default(),
        })
    }

    /// All tags.
    pub async fn tags(&self) -> anyhow::Result<Vec<String>> {
        let mut found = Vec::new();
        let mut next = Some(format!(
            "{}/v2/{}/tags/list?n={PAGE}",
            self.server, self.name
        ));
        while let Some(page) = next {
            let answer = self.send(self.http.get(&page)).await?;
            if answer.status() == StatusCode::NOT_FOUND {
                return Ok(found); // Nothing was ever pushed there.
            }
            let answer = self.accepted(answer, "list its tags").await?;
            let link = answer
                .headers()
                .get(LINK)
                .and_then(|link| link.to_str().ok());
            next = link
                .and_then(next_page)
                .map(|path| match path.strip_prefix('/') {
                    Some(path) => format!("{}/{path}", self.server),
                    None => path.to_owned(),
                });
            found.extend(answer.json::<Tags>().await?.tags.unwrap_or_default());
        }
        Ok(found)
    }

    /// Removes the image of a tag, with all tags that it has.
    pub async fn remove(&self, tag: &str) -> anyhow::Result<()> {
        let head = self.request(Method::HEAD, &format!("manifests/{tag}"));
        let head = self.send(head.header(ACCEPT, MANIFESTS)).await?;
        if head.status() == StatusCode::NOT_FOUND {
            return Ok(());
        }
        let head = self.accepted(head, "look an image up").await?;
        let digest = head.headers().get("docker-content-digest");
        let digest = digest
            .and_then(|digest| digest.to_str().ok())
            .with_context(|| format!("{} names no digest for {tag}", self.server))?;
        let removal = self.request(Method::DELETE, &format!("manifests/{digest}"));
        let answer = self.send(removal).await?;
        if answer.status() == StatusCode::METHOD_NOT_ALLOWED {
            bail!(
                "{} does not let images be removed; allow it there (for Docker's registry: \
                 REGISTRY_STORAGE_DELETE_ENABLED=true), or set its own rules for old tags",
                self.server
            );
        }
        if answer.status() != StatusCode::NOT_FOUND {
            self.accepted(answer, "remove an image").await?;
        }
        Ok(())
    }

    fn request(&self, method: Method, what: &str) -> RequestBuilder {
        let url = format!("{}/v2/{}/{what}", self.server, self.name);
        self.http.request(method, url)
    }

    /// Sends a request, and a second time with a new token where the registry asks for one.
    async fn send(&self, request: RequestBuilder) -> anyhow::Result<Response> {
        let again = request.try_clone().context("a request has no stream")?;
        let leave = self.leave().clone();
        let answer = self.send_with(leave.as_deref(), request).await?;
        if answer.status() != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        let leave = self.ask_leave(&answer).await?;
        let answer = self.send_with(Some(&leave), again).await?;
        *self.leave() = Some(leave);
        Ok(answer)
    }

    fn leave(&self) -> MutexGuard<'_, Option<String>> {
        self.leave.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn send_with(
        &self,
        leave: Option<&str>,
        request: RequestBuilder,
    ) -> anyhow::Result<Response> {
        let request = match leave {
            Some(leave) => request.header(AUTHORIZATION, leave),
            None => request,
        };
        let answer = request.send().await;
        answer.with_context(|| {
            format!(
                "{} cannot be asked; it is where the file's `registry:` is, and must be reachable from here",
                self.server
            )
        })
    }

    async fn accepted(&self, answer: Response, what: &str) -> anyhow::Result<Response> {
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        let way = match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                "; `docker login` as somebody who may"
            }
            _ => "",
        };
        let text = answer.text().await.unwrap_or_default();
        let (server, name) = (&self.server, &self.name);
        bail!(
            "{server} does not {what} in {name}: {status} {}{way}",
            text.trim()
        );
    }

    /// The header that the registry's challenge asks for.
    async fn ask_leave(&self, answer: &Response) -> anyhow::Result<String> {
        let host = self.host.clone();
        let login = tokio::task::spawn_blocking(move || login(&host)).await??;
        let challenge = answer.headers().get(WWW_AUTHENTICATE);
        let challenge = challenge
            .and_then(|challenge| challenge.to_str().ok())
            .with_context(|| format!("{} says not how to log in", self.server))?;
        let (kind, rest) = challenge.split_once(' ').unwrap_or((challenge, ""));
        if kind.eq_ignore_ascii_case("basic") {
            let request = self.http.get(&self.server);
            let request = request
                .basic_auth(&login.username, Some(&login.secret))
                .build()?;
            let header = request.headers()[AUTHORIZATION].to_str()?;
            return Ok(header.to_owned());
        }
        let mut asked = parameters(rest);
        let realm = asked
            .remove("realm")
            .context("a challenge without a realm")?;
        asked.insert(
            "scope",
            format!("repository:{}:pull,push,delete", self.name),
        );
        let request = if login.username.is_empty() && !login.secret.is_empty() {
            asked.insert("grant_type", "refresh_token".to_owned());
            asked.insert("client_id", "layercake".to_owned());
            asked.insert("refresh_token", login.secret.clone());
            self.http.post(&realm).form(&asked)
        } else {
            let request = self.http.get(&realm).query(&asked);
            match login.secret.as_str() {
                "" => request,
                secret => request.basic_auth(&login.username, Some(secret)),
            }
        };
        let answer = self
            .accepted(self.send_with(None, request).await?, "let you log in")
            .await?;
        let token: Token = answer.json().await?;
        let token = token.token.or(token.access_token);
        Ok(format!(
            "Bearer {}",
            token.context("a token server without a token")?
        ))
    }
}

/// As BuildKit and Docker have it: this machine is spoken to plainly.
fn scheme(host: &str) -> &'static str {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    if matches!(name, "localhost" | "127.0.0.1" | "[::1]") {
        "http"
    } else {
        "https"
    }
}

/// `a="b",c="d"`.
fn parameters(text: &str) -> BTreeMap<&str, String> {
    let mut found = BTreeMap::new();
    let mut rest = text;
    while let Some((name, after)) = rest.split_once("=\"") {
        let Some((value, next)) = after.split_once('"') else {
            break;
        };
        let name = name.trim_start_matches(|c: char| c == ',' || c.is_whitespace());
        found.insert(name, value.to_owned());
        rest = next;
    }
    found
}

/// The target of `<...>; rel="next"`.
fn next_page(link: &str) -> Option<&str> {
    let (target, kind) = link.strip_prefix('<')?.split_once('>')?;
    kind.contains("next").then_some(target)
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// A registry whose tokens are good for one request. Gives its address.
    fn forgetful() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let realm = address.clone();
        thread::spawn(move || {
            let mut good = 0;
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let lines = BufReader::new(&stream).lines();
                let lines = lines.map_while(Result::ok);
                let head: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
                let bears = format!("authorization: Bearer {good}");
                let (status, body) = if head[0].starts_with("GET /token?") {
                    good += 1;
                    ("200 OK", format!("{{\"token\":\"{good}\"}}"))
                } else if head.contains(&bears) {
                    good += 1;
                    ("200 OK", "{\"tags\":[\"a\"]}".to_owned())
                } else {
                    ("401 Unauthorized", String::new())
                };
                let length = body.len();
                write!(
                    stream,
                    "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\
                     WWW-Authenticate: Bearer realm=\"http://{realm}/token\",service=\"s\"\r\n\r\n{body}"
                )
                .unwrap();
            }
        });
        address
    }

    #[tokio::test]
    async fn a_token_that_has_expired_is_asked_for_again() {
        let repository = Repository::new(&format!("{}/stages", forgetful())).unwrap();
        for _ in 0..3 {
            assert_eq!(repository.tags().await.unwrap(), ["a"]);
        }
    }

    #[test]
    fn headers_are_read() {
        let asked =
            parameters(r#"realm="https://a.example/token", service="a", scope="x:y:pull,push""#);
        assert_eq!(asked["realm"], "https://a.example/token");
        assert_eq!(asked["scope"], "x:y:pull,push");
        assert_eq!(asked.len(), 3);
        assert_eq!(parameters("error=\"").len(), 0);
        assert_eq!(
            next_page("</v2/a/tags/list?last=b&n=1>; rel=\"next\""),
            Some("/v2/a/tags/list?last=b&n=1")
        );
        assert_eq!(next_page("nonsense"), None);
    }

    #[test]
    fn only_this_machine_is_spoken_to_plainly() {
        assert_eq!(
            (scheme("localhost:5000"), scheme("[::1]:5000")),
            ("http", "http")
        );
        assert_eq!(
            (scheme("ghcr.io"), scheme("localhost.example:5000")),
            ("https", "https")
        );
    }
}
