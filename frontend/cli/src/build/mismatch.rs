//! What is behind a download that is not what its checksum says.
//!
//! BuildKit (v0.32.2) looks at the digest before the status, so the page of an error is to it just another file. The
//! server is asked once more, from here and without credentials.

use std::time::Duration;

use reqwest::{Client, StatusCode};

/// What BuildKit says of such a download.
const MISMATCH: &str = "digest mismatch";

/// How long the server may take to answer.
const LIMIT: Duration = Duration::from_secs(10);

/// The download that a failed step was for, if that is why it failed.
pub fn url<'s>(message: &str, step: &'s str) -> Option<&'s str> {
    let mut words = step.split_whitespace();
    let is_url = |word: &&str| word.starts_with("http://") || word.starts_with("https://");
    words.find(is_url).filter(|_| message.contains(MISMATCH))
}

/// The way out.
pub async fn way_out(url: &str) -> String {
    let private =
        "a private server wants `--secret id=HTTP_AUTH_HEADER_<host>` or `HTTP_AUTH_TOKEN_<host>`";
    match ask(url).await {
        Ok(StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
            format!("without credentials the server refuses it; {private}")
        }
        Ok(status) if status.is_success() => {
            "the file on the server is another one by now, or was cut short; what is meant is pinned by its checksum"
                .to_owned()
        }
        Ok(status) => format!("the server answers `{status}`, and that page is not the file"),
        Err(_) => format!("the server gave something else, perhaps the page of an error; {private}"),
    }
}

async fn ask(url: &str) -> reqwest::Result<StatusCode> {
    let client = Client::builder().timeout(LIMIT).build()?;
    // Its body is not read. Not every server answers to HEAD.
    Ok(client.get(url).send().await?.status())
}

#[cfg(test)]
mod tests {
    use super::url;

    #[test]
    fn the_download_is_found_in_the_name_of_the_step() {
        let step = "[internal] fetch six 1.0 from https://example.com/six-1.0-0.conda";
        let found = Some("https://example.com/six-1.0-0.conda");
        assert_eq!(url("digest mismatch a: b", step), found);
        assert_eq!(url("connection refused", step), None);
        assert_eq!(url("digest mismatch a: b", "[env] link"), None);
    }
}
