//! Secrets, read when the build asks for them and not before.

use buildkit_proto::moby::buildkit::secrets::v1 as wire;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use tonic::{Request, Response, Status};
use wire::secrets_server::Secrets;

pub(super) const METHODS: &[&str] = &["/moby.buildkit.secrets.v1.Secrets/GetSecret"];

/// The largest secret that BuildKit's clients hand out.
const LARGEST: usize = 500 << 10;

/// Where a secret is.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// In an environment variable of this process.
    Environment(String),
    /// In a file.
    File(PathBuf),
    /// Here.
    Value(Vec<u8>),
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment(name) => write!(out, "Environment({name})"),
            Self::File(path) => write!(out, "File({})", path.display()),
            Self::Value(_) => out.write_str("Value(…)"),
        }
    }
}

impl Secret {
    async fn read(&self) -> Result<Vec<u8>, String> {
        match self {
            Self::Environment(name) => std::env::var_os(name)
                .map(std::os::unix::ffi::OsStringExt::into_vec)
                .ok_or_else(|| format!("the environment variable {name} isn't set")),
            Self::File(path) => tokio::fs::read(path)
                .await
                .map_err(|error| format!("{} can't be read: {error}", path.display())),
            Self::Value(value) => Ok(value.clone()),
        }
    }
}

/// The secrets of a session, by id.
pub(super) struct SecretStore(pub(super) BTreeMap<String, Secret>);

#[tonic::async_trait]
impl Secrets for SecretStore {
    async fn get_secret(
        &self,
        request: Request<wire::GetSecretRequest>,
    ) -> Result<Response<wire::GetSecretResponse>, Status> {
        let id = request.into_inner().id;
        let secret = self
            .0
            .get(&id)
            .ok_or_else(|| Status::not_found(format!("no secret `{id}` was given")))?;
        let data = secret
            .read()
            .await
            .map_err(|cause| Status::failed_precondition(format!("secret `{id}`: {cause}")))?;
        if data.len() > LARGEST {
            return Err(Status::invalid_argument(format!(
                "secret `{id}` has {} bytes, and 500 KiB is the most; copy large files in another way",
                data.len()
            )));
        }
        Ok(Response::new(wire::GetSecretResponse { data }))
    }
}

#[cfg(test)]
mod tests {
    use super::{LARGEST, Secret, SecretStore, Secrets, wire};
    use tonic::{Code, Request};

    async fn get(secret: Secret, id: &str) -> Result<Vec<u8>, Code> {
        let store = SecretStore([("known".to_owned(), secret)].into());
        let request = Request::new(wire::GetSecretRequest {
            id: id.to_owned(),
            ..Default::default()
        });
        store
            .get_secret(request)
            .await
            .map(|response| response.into_inner().data)
            .map_err(|status| status.code())
    }

    #[tokio::test]
    async fn secrets_come_from_files_and_values() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), "from a file\n").expect("a file to write");
        assert_eq!(
            get(Secret::File(file.path().to_owned()), "known").await,
            Ok(b"from a file\n".to_vec())
        );
        assert_eq!(
            get(Secret::Value(b"x".to_vec()), "known").await,
            Ok(b"x".to_vec())
        );
        let path = std::env::var("PATH").expect("a PATH").into_bytes();
        assert_eq!(
            get(Secret::Environment("PATH".to_owned()), "known").await,
            Ok(path)
        );
    }

    #[tokio::test]
    async fn what_is_missing_or_too_large_is_refused() {
        assert_eq!(
            get(Secret::Value(Vec::new()), "other").await,
            Err(Code::NotFound)
        );
        assert_eq!(
            get(Secret::File("/nowhere".into()), "known").await,
            Err(Code::FailedPrecondition)
        );
        assert_eq!(
            get(Secret::Value(vec![0; LARGEST + 1]), "known").await,
            Err(Code::InvalidArgument)
        );
    }

    #[test]
    fn a_secret_is_not_printed() {
        assert_eq!(
            format!("{:?}", Secret::Value(b"hunter2".to_vec())),
            "Value(…)"
        );
    }
}
