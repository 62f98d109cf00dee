package main

import (
	"github.com/moby/buildkit/client/llb"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

const (
	someDigest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	someCommit = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
)

func alpine(opts ...llb.ImageOption) llb.State {
	return llb.Image("docker.io/library/alpine:3.20", opts...)
}

func clientContext(opts ...llb.LocalOption) llb.State {
	return llb.Local("context", append([]llb.LocalOption{llb.SessionID("session")}, opts...)...)
}

func sources() graphs {
	windows := ocispecs.Platform{
		OS: "windows", Architecture: "amd64", OSVersion: "10.0.20348.1", OSFeatures: []string{"win32k"},
	}
	return graphs{
		"image":            alpine(),
		"image-normalized": llb.Image("alpine"),
		"image-registry":   llb.Image("localhost:5000/team/app"),
		"image-digest":     llb.Image("python:3.11-slim@" + someDigest),
		"image-arm64":      alpine(llb.LinuxArm64),
		"image-armv7":      alpine(llb.LinuxArmhf),
		"image-windows":    alpine(llb.Platform(windows)),
		"image-pull":       alpine(llb.ResolveModeForcePull),
		"image-local":      alpine(llb.ResolveModePreferLocal),
		"image-internal":   alpine(llb.MarkImageInternal),
		"image-limits":     alpine(llb.WithLayerLimit(3), llb.WithImageChecksum(someDigest)),

		"local-session": clientContext(),
		"local-unique":  llb.Local("context", llb.LocalUniqueID("unique")),
		"local-patterns": clientContext(
			llb.IncludePatterns([]string{"src", "a<b>&c", "quote\"\\\n", "\u2028é\x01\x7f"}),
			llb.ExcludePatterns([]string{"**/*.pyc", "!keep"}),
			llb.FollowPaths([]string{"src/main.py"}),
			llb.SharedKeyHint("context-1"),
		),
		"local-differ-none":     clientContext(llb.Differ(llb.DiffNone, true)),
		"local-differ-metadata": clientContext(llb.Differ(llb.DiffMetadata, false)),
		"local-metadata-only":   clientContext(llb.MetadataOnlyTransfer(nil)),
		"local-metadata-except": clientContext(llb.MetadataOnlyTransfer([]string{"*.toml"})),

		"http": llb.HTTP("https://example.com/a.tar.gz"),
		"http-file": llb.HTTP("http://example.com/tool?x=1",
			llb.Checksum(someDigest), llb.Filename("tool"), llb.Chmod(0o755), llb.Chown(1000, 1001)),
		"http-headers": llb.HTTP("https://example.com/a", llb.AuthHeaderSecret("token"),
			llb.Header(llb.HTTPHeader{Accept: "application/json", UserAgent: "layercake"})),
		"http-signed": llb.HTTP("https://example.com/a", llb.VerifyPGPSignature(llb.HTTPSignatureInfo{
			PubKey: []byte("public"), Signature: []byte("signature"),
		})),

		"oci-layout": llb.OCILayout("not/real@" + someDigest),
		"oci-layout-store": llb.OCILayout("not/real@"+someDigest,
			llb.OCIStore("session", "store"), llb.OCILayerLimit(2), llb.LinuxArm64),
	}
}

func gits() graphs {
	const repository = "https://example.com/team/app.git"
	return graphs{
		"git":           llb.Git(repository, ""),
		"git-branch":    llb.Git(repository, "main"),
		"git-subdir":    llb.Git(repository, "main:services/a"),
		"git-no-branch": llb.Git(repository, "", llb.GitSubDir("docs")),
		"git-no-scheme": llb.Git("example.com/team/app.git", "v1"),
		"git-port":      llb.Git("http://example.com:8080/app", "v1"),
		"git-options": llb.Git(repository, "v1", llb.KeepGitDir(), llb.GitChecksum(someCommit),
			llb.GitSkipSubmodules(), llb.GitMTimeCommit(), llb.GitFetchByCommit()),
		"git-secrets": llb.Git(repository, "", llb.AuthTokenSecret("token"), llb.AuthHeaderSecret("header")),
		"git-ssh": llb.Git("ssh://git@example.com/team/app.git", "main",
			llb.KnownSSHHosts("example.com ssh-ed25519 AAAA"), llb.MountSSHSock("deploy")),
		"git-scp": llb.Git("git@example.com:team/app.git", "main",
			llb.KnownSSHHosts("example.com ssh-rsa AAAA\n"), llb.KnownSSHHosts("example.com ssh-ed25519 BBBB")),
	}
}
