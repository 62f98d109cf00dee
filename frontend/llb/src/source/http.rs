//! Files from web servers.

use super::Attrs;
use crate::attributes::{Annotate, Attributes};
use crate::file::mode_bits;
use crate::{LlbError, Output, caps};

/// A detached OpenPGP signature of a file, and the key that made it, both armored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PgpSignature {
    /// The public key.
    pub public_key: String,
    /// The signature.
    pub signature: String,
}

/// A file from a web server, under construction; begun by [`Source::http`](super::Source::http).
#[derive(Debug, Clone)]
pub struct Http {
    url: String,
    checksum: Option<String>,
    filename: Option<String>,
    perm: Option<u32>,
    uid: u32,
    gid: u32,
    auth_header_secret: Option<String>,
    accept: Option<String>,
    user_agent: Option<String>,
    signature: Option<PgpSignature>,
    attributes: Attributes,
}

impl Http {
    pub(super) fn new(url: String) -> Self {
        Self {
            url,
            checksum: None,
            filename: None,
            perm: None,
            uid: 0,
            gid: 0,
            auth_header_secret: None,
            accept: None,
            user_agent: None,
            signature: None,
            attributes: Attributes::new(),
        }
    }

    /// Fails unless the file has this digest (`sha256:...`). With it the URL does not count in the cache key, and no
    /// network is needed for a cached file.
    #[must_use]
    pub fn checksum(mut self, digest: impl Into<String>) -> Self {
        self.checksum = Some(digest.into());
        self
    }

    /// The file's name in the output; otherwise the server or the URL gives it.
    #[must_use]
    pub fn filename(mut self, name: impl Into<String>) -> Self {
        self.filename = Some(name.into());
        self
    }

    /// The file's permission bits, of `0o777`; otherwise `0o600`.
    #[must_use]
    pub fn perm(mut self, mode: u32) -> Self {
        self.perm = Some(mode);
        self
    }

    /// The file's owner and group; otherwise root.
    #[must_use]
    pub fn owner(mut self, uid: u32, gid: u32) -> Self {
        (self.uid, self.gid) = (uid, gid);
        self
    }

    /// Sends the secret of this name as the `Authorization` header.
    #[must_use]
    pub fn auth_header_secret(mut self, secret: impl Into<String>) -> Self {
        self.auth_header_secret = Some(secret.into());
        self
    }

    /// Sends this `Accept` header.
    #[must_use]
    pub fn accept(mut self, value: impl Into<String>) -> Self {
        self.accept = Some(value.into());
        self
    }

    /// Sends this `User-Agent` header.
    #[must_use]
    pub fn user_agent(mut self, value: impl Into<String>) -> Self {
        self.user_agent = Some(value.into());
        self
    }

    /// Fails unless the file bears this signature.
    #[must_use]
    pub fn signed(mut self, signature: PgpSignature) -> Self {
        self.signature = Some(signature);
        self
    }

    /// A directory with the one file in it.
    pub fn build(self) -> Result<Output, LlbError> {
        if !self.url.starts_with("http://") && !self.url.starts_with("https://") {
            return Err(LlbError::InvalidUrl { url: self.url });
        }
        match self.perm {
            Some(0) => {
                return Err(LlbError::Empty {
                    what: "the mode of an http file",
                });
            }
            Some(mode) => _ = mode_bits(&self.url, mode, 0o777)?,
            None => {}
        }
        let mut attrs = Attrs::new(self.attributes);
        attrs.require(caps::SOURCE_HTTP);
        attrs.set_some(
            "http.checksum",
            self.checksum,
            Some(caps::SOURCE_HTTP_CHECKSUM),
        );
        attrs.set_some("http.filename", self.filename, None);
        let perm = self.perm.map(|mode| format!("0{mode:o}"));
        attrs.set_some("http.perm", perm, Some(caps::SOURCE_HTTP_PERM));
        for (key, id) in [("http.uid", self.uid), ("http.gid", self.gid)] {
            let id = (id != 0).then(|| id.to_string());
            attrs.set_some(key, id, Some(caps::SOURCE_HTTP_UID_GID));
        }
        attrs.set_some(
            "http.authheadersecret",
            self.auth_header_secret,
            Some(caps::SOURCE_HTTP_AUTH),
        );
        attrs.set_some(
            "http.header.accept",
            self.accept,
            Some(caps::SOURCE_HTTP_HEADER),
        );
        attrs.set_some(
            "http.header.user-agent",
            self.user_agent,
            Some(caps::SOURCE_HTTP_HEADER),
        );
        if let Some(PgpSignature {
            public_key,
            signature,
        }) = self.signature
        {
            attrs.set("http.sig.pubkey", public_key);
            attrs.set("http.sig.signature", signature);
            attrs.require(caps::SOURCE_HTTP_SIGNATURE_VERIFY);
        }
        Ok(attrs.into_output(self.url, None))
    }
}

impl Annotate for Http {
    fn attributes_mut(&mut self) -> &mut Attributes {
        &mut self.attributes
    }
}
