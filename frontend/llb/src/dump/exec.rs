//! Commands and their mounts, readable.

use buildkit_proto::pb;
use serde_json::{Value, json};

use super::{flag, list, number, object, position, strings, text};

pub(super) fn exec(exec: &pb::ExecOp) -> Value {
    let meta = exec.meta.clone().unwrap_or_default();
    let hosts = meta
        .extra_hosts
        .iter()
        .map(|host| json!(format!("{}={}", host.host, host.ip)))
        .collect();
    let ulimits = meta
        .ulimit
        .iter()
        .map(|limit| json!(format!("{}={}:{}", limit.name, limit.soft, limit.hard)))
        .collect();
    let devices = exec
        .cdi_devices
        .iter()
        .map(|device| optional("name", &device.name, device.optional))
        .collect();
    object([
        ("args", strings(&meta.args)),
        ("env", strings(&meta.env)),
        ("cwd", text(&meta.cwd)),
        ("user", text(&meta.user)),
        ("hostname", text(&meta.hostname)),
        ("extra_hosts", list(hosts)),
        ("ulimits", list(ulimits)),
        ("cgroup_parent", text(&meta.cgroup_parent)),
        (
            "valid_exit_codes",
            list(
                meta.valid_exit_codes
                    .iter()
                    .map(|code| json!(code))
                    .collect(),
            ),
        ),
        (
            "remove_mount_stubs_recursive",
            flag(meta.remove_mount_stubs_recursive),
        ),
        ("proxy", meta.proxy_env.as_ref().map_or(Value::Null, proxy)),
        (
            "network",
            text(named(exec.network, |mode| {
                pb::NetMode::try_from(mode).map(|mode| mode.as_str_name())
            })),
        ),
        (
            "security",
            text(named(exec.security, |mode| {
                pb::SecurityMode::try_from(mode).map(|mode| mode.as_str_name())
            })),
        ),
        (
            "secret_env",
            list(exec.secretenv.iter().map(secret_env).collect()),
        ),
        ("devices", list(devices)),
        ("mounts", list(exec.mounts.iter().map(mount).collect())),
    ])
}

fn proxy(proxy: &pb::ProxyEnv) -> Value {
    object([
        ("http", text(&proxy.http_proxy)),
        ("https", text(&proxy.https_proxy)),
        ("ftp", text(&proxy.ftp_proxy)),
        ("no", text(&proxy.no_proxy)),
        ("all", text(&proxy.all_proxy)),
    ])
}

fn secret_env(env: &pb::SecretEnv) -> Value {
    object([
        ("name", text(&env.name)),
        ("id", text(&env.id)),
        ("optional", flag(env.optional)),
    ])
}

fn optional(key: &str, value: &str, is_optional: bool) -> Value {
    object([(key, text(value)), ("optional", flag(is_optional))])
}

fn mount(mount: &pb::Mount) -> Value {
    let kind = pb::MountType::try_from(mount.mount_type).map(|kind| kind.as_str_name());
    let content_cache = |mode| pb::MountContentCache::try_from(mode).map(|mode| mode.as_str_name());
    object([
        ("dest", json!(mount.dest)),
        ("type", text(named(mount.mount_type, |_| kind))),
        ("input", position(mount.input)),
        ("selector", text(&mount.selector)),
        ("output", position(mount.output)),
        ("read_only", flag(mount.readonly)),
        (
            "content_cache",
            text(named(mount.content_cache, content_cache)),
        ),
        (
            "tmpfs",
            mount
                .tmpfs_opt
                .as_ref()
                .map_or(Value::Null, |tmpfs| object([("size", number(tmpfs.size))])),
        ),
        ("cache", mount.cache_opt.as_ref().map_or(Value::Null, cache)),
        (
            "secret",
            mount.secret_opt.as_ref().map_or(Value::Null, |s| {
                access(&s.id, s.uid, s.gid, s.mode, s.optional)
            }),
        ),
        (
            "ssh",
            mount.ssh_opt.as_ref().map_or(Value::Null, |s| {
                access(&s.id, s.uid, s.gid, s.mode, s.optional)
            }),
        ),
        ("result_id", text(&mount.result_id)),
    ])
}

fn cache(cache: &pb::CacheOpt) -> Value {
    let sharing = pb::CacheSharingOpt::try_from(cache.sharing)
        .map_or("UNKNOWN", |sharing| sharing.as_str_name());
    object([("id", text(&cache.id)), ("sharing", json!(sharing))])
}

fn access(id: &str, uid: u32, gid: u32, mode: u32, is_optional: bool) -> Value {
    object([
        ("id", text(id)),
        ("uid", number(uid)),
        ("gid", number(gid)),
        ("mode", json!(format!("{mode:#o}"))),
        ("optional", flag(is_optional)),
    ])
}

/// The name of an enumeration's value; none for its default, and `UNKNOWN` for a value of a newer protocol.
fn named<E>(value: i32, name: impl FnOnce(i32) -> Result<&'static str, E>) -> &'static str {
    match value {
        0 => "",
        value => name(value).unwrap_or("UNKNOWN"),
    }
}
