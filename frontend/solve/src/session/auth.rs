//! Registry logins, from Docker's config file and its credential helpers.
//!
//! Only the logins themselves are handed out. BuildKit can also ask its client to fetch tokens, so that the password
//! never leaves it; a daemon that is told that this client doesn't fetches the tokens itself.

use buildkit_proto::moby::filesync::v1 as wire;
use std::env;
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use docker_credential::{CredentialRetrievalError as NoLogin, DockerCredential};
use thiserror::Error;
use tokio::sync::Mutex;
use tonic::{Request, Response, Status};
use wire::auth_server::Auth;

pub(super) const METHODS: &[&str] = &["/moby.filesync.v1.Auth/Credentials"];

/// Docker Hub's key in the config, and the name under which BuildKit asks for it.
const HUB_KEY: &str = "https://index.docker.io/v1/";
const HUB_HOST: &str = "registry-1.docker.io";

/// Looks logins up, one at a time: credential helpers may ask the user.
#[derive(Default)]
pub(super) struct Logins(Mutex<()>);

#[tonic::async_trait]
impl Auth for Logins {
    async fn credentials(
        &self,
        request: Request<wire::CredentialsRequest>,
    ) -> Result<Response<wire::CredentialsResponse>, Status> {
        let host = request.into_inner().host;
        let _one_at_a_time = self.0.lock().await;
        let found = tokio::task::spawn_blocking(move || login(&host)).await;
        let login = found
            .map_err(|error| Status::internal(error.to_string()))?
            .map_err(|error| Status::unauthenticated(error.to_string()))?;
        Ok(Response::new(wire::CredentialsResponse {
            username: login.username,
            secret: login.secret,
        }))
    }

    async fn fetch_token(
        &self,
        _: Request<wire::FetchTokenRequest>,
    ) -> Result<Response<wire::FetchTokenResponse>, Status> {
        Err(Status::unimplemented("the daemon fetches tokens"))
    }

    async fn get_token_authority(
        &self,
        _: Request<wire::GetTokenAuthorityRequest>,
    ) -> Result<Response<wire::GetTokenAuthorityResponse>, Status> {
        Err(Status::unimplemented("the daemon fetches tokens"))
    }

    async fn verify_token_authority(
        &self,
        _: Request<wire::VerifyTokenAuthorityRequest>,
    ) -> Result<Response<wire::VerifyTokenAuthorityResponse>, Status> {
        Err(Status::unimplemented("the daemon fetches tokens"))
    }
}

/// A name and its password. A name that is empty has a token in place of a password; where both are empty, there is
/// no login.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Login {
    /// The name.
    pub username: String,
    /// The password, or the token.
    pub secret: String,
}

/// A login that is there and cannot be read.
#[derive(Clone, Debug, Error)]
#[error(
    "the login for {host} in Docker's config can't be read: {problem}; run `docker login {host}` again"
)]
pub struct LoginError {
    host: String,
    problem: String,
}

/// The login for a registry, as `docker login` left it. Credential helpers may take their time.
///
/// # Errors
/// There is one and it cannot be read.
pub fn login(host: &str) -> Result<Login, LoginError> {
    let folder = env::var_os("DOCKER_CONFIG").map(PathBuf::from);
    let folder = folder.or_else(|| Some(env::home_dir()?.join(".docker")));
    folder.map_or_else(|| Ok(Login::default()), |folder| login_of(&folder, host))
}

/// That of Docker's config in a folder. Whoever never logged in anywhere has none, and is anonymous.
fn login_of(folder: &Path, host: &str) -> Result<Login, LoginError> {
    let server = if host == HUB_HOST { HUB_KEY } else { host };
    match File::open(folder.join("config.json")) {
        Ok(config) => answer(
            host,
            docker_credential::get_credential_from_reader(config, server),
        ),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Login::default()),
        Err(error) => Err(LoginError {
            host: host.to_owned(),
            problem: error.to_string(),
        }),
    }
}

/// A host without a login is asked anonymously; a login that can't be read is an error.
fn answer(host: &str, found: Result<DockerCredential, NoLogin>) -> Result<Login, LoginError> {
    match found {
        Ok(DockerCredential::UsernamePassword(username, secret)) => Ok(Login { username, secret }),
        Ok(DockerCredential::IdentityToken(secret)) => Ok(Login {
            username: String::new(),
            secret,
        }),
        Err(NoLogin::NoCredentialConfigured | NoLogin::ConfigNotFound) => Ok(Login::default()),
        Err(NoLogin::HelperFailure { stdout, .. }) if stdout.contains("credentials not found") => {
            Ok(Login::default())
        }
        Err(error) => Err(LoginError {
            host: host.to_owned(),
            problem: error.to_string(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::{DockerCredential, Login, NoLogin, answer, login_of};

    #[test]
    fn logins_are_handed_out_as_docker_does() {
        let pair = DockerCredential::UsernamePassword("me".to_owned(), "pw".to_owned());
        let found = answer("r", Ok(pair)).expect("a login");
        assert_eq!(
            (found.username.as_str(), found.secret.as_str()),
            ("me", "pw")
        );
        let found =
            answer("r", Ok(DockerCredential::IdentityToken("t".to_owned()))).expect("a token");
        assert_eq!((found.username.as_str(), found.secret.as_str()), ("", "t"));
    }

    #[test]
    fn no_login_means_anonymous() {
        let helper = NoLogin::HelperFailure {
            helper: "h".to_owned(),
            stdout: "credentials not found in native keychain".to_owned(),
            stderr: String::new(),
        };
        for error in [
            NoLogin::NoCredentialConfigured,
            NoLogin::ConfigNotFound,
            helper,
        ] {
            assert_eq!(answer("r", Err(error)).expect("anonymous").secret, "");
        }
    }

    #[test]
    fn who_never_logged_in_is_anonymous() {
        let folder = tempfile::tempdir().expect("a folder");
        let of = |host| login_of(folder.path(), host);
        assert_eq!(of("r.example").expect("anonymous"), Login::default());
        let config = r#"{"auths": {"r.example": {"auth": "bWU6cHc="}}}"#;
        std::fs::write(folder.path().join("config.json"), config).expect("a file");
        assert_eq!(of("r.example").expect("a login").username, "me");
        assert_eq!(of("other.example").expect("anonymous"), Login::default());
        std::fs::write(folder.path().join("config.json"), "{").expect("a file");
        assert!(of("r.example").is_err());
    }

    #[test]
    fn a_broken_login_is_an_error_with_a_way_out() {
        let error =
            answer("r.example", Err(NoLogin::CredentialDecodingError)).expect_err("an error");
        assert!(
            error.to_string().contains("docker login r.example"),
            "{error}"
        );
    }
}
